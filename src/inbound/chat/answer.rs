//! An answer within the three seconds that the service gives, whatever the work takes.

use std::time::Duration;

use serenity::all::{
    AutocompleteChoice, CreateAllowedMentions, CreateAutocompleteResponse,
    CreateInteractionResponse, CreateInteractionResponseMessage, EditInteractionResponse,
    HttpError, InteractionId,
};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use super::{Desk, Heard, Private, Reply, What, say};
use crate::outbound::chat::rest::{CALL_MAX, said};

/// Work that takes longer is answered with "wait" first.
pub const DEFER_AFTER: Duration = Duration::from_millis(1500);
/// The service takes a first answer for three seconds; the way there takes some of them.
const FIRST_MAX: Duration = Duration::from_millis(2800);
/// The wait before a first answer is sent once more.
const AGAIN_AFTER: Duration = Duration::from_millis(150);
/// The longest wait before an answer that takes the place of "wait" is sent once more; the first is
/// [`AGAIN_AFTER`], and each is twice the one before.
const REPLACE_WAIT_MAX: Duration = Duration::from_secs(10);
/// How long such an answer is tried for. The service takes it for fifteen minutes.
const REPLACE_MAX: Duration = Duration::from_mins(2);
/// Characters of a message.
const MAX_TEXT: usize = 2000;
/// "Interaction has already been acknowledged": an answer of ours arrived after all.
const ANSWERED: isize = 40_060;
/// Choices that are taken.
const MAX_CHOICES: usize = 25;

impl Desk {
    /// Does what was asked and answers it.
    pub(super) async fn attend(&self, heard: Heard) {
        let work = async {
            match self.reply(&heard).await {
                Ok(reply) => reply,
                Err(error) => {
                    tracing::error!(
                        interaction.id = heard.id,
                        "interaction {} could not be judged: {error}",
                        heard.id
                    );
                    say::broken(&heard.locale).into()
                }
            }
        };
        tokio::pin!(work);
        // Nobody can be told to wait for what they may type next, nor for a form that is not there yet.
        let typing = matches!(heard.what, What::Typing(_));
        let due = heard.arrived + if typing { FIRST_MAX } else { DEFER_AFTER };
        tokio::select! {
            reply = &mut work => self.first(&heard, reply).await,
            () = sleep_until(due) => {
                if typing {
                    return self.first(&heard, Reply::Choices(Vec::new())).await;
                }
                let wait = CreateInteractionResponse::Defer(private(&Private::default()));
                let (sent, reply) = tokio::join!(self.send(&heard, &wait), work);
                let late = match reply {
                    Reply::Private(private) => private,
                    Reply::Form(_) | Reply::Choices(_) => Private {
                        text: say::again(&heard.locale),
                        ..Private::default()
                    },
                };
                // Where it is not known whether the service has the "wait", it may have it.
                if sent != Sent::Refused {
                    self.replace(&heard, &late).await;
                }
            }
        }
    }

    /// Answers something that cannot be read, with a sentence that says so.
    pub(super) async fn answer_strange(&self, value: &serde_json::Value) {
        let text = |key| value.get(key).and_then(serde_json::Value::as_str);
        let number = |key| text(key)?.parse::<u64>().ok();
        let here = match value.get("guild_id") {
            None | Some(serde_json::Value::Null) => true,
            Some(_) => number("guild_id") == Some(self.config.guild_id),
        };
        let (Some(id), Some(token), true) = (number("id"), text("token"), here) else {
            return;
        };
        let heard = Heard {
            id,
            account: 0,
            direct: false,
            locale: text("locale").unwrap_or_default().to_owned(),
            what: What::Pressed(String::new(), Vec::new()),
            token: token.to_owned(),
            arrived: Instant::now(),
        };
        self.first(&heard, say::strange(&heard.locale).into()).await;
    }

    async fn first(&self, heard: &Heard, reply: Reply) {
        self.send(heard, &reply.first()).await;
    }

    /// Sends a first answer, and again while there is time for it.
    async fn send(&self, heard: &Heard, answer: &CreateInteractionResponse) -> Sent {
        let until = heard.arrived + FIRST_MAX;
        let id = InteractionId::new(heard.id);
        loop {
            let call = self
                .http
                .create_interaction_response(id, &heard.token, answer, Vec::new());
            let (sent, why) = match timeout_at(until, call).await {
                Ok(Ok(())) => return Sent::Taken,
                Ok(Err(error)) if code_of(&error) == Some(ANSWERED) => return Sent::Taken,
                Ok(Err(error)) if !may_pass(&error) => (Sent::Refused, said(&error)),
                Ok(Err(error)) if Instant::now() + AGAIN_AFTER >= until => {
                    (Sent::Unsure, said(&error))
                }
                Ok(Err(_)) => {
                    sleep(AGAIN_AFTER).await;
                    continue;
                }
                Err(_) => (Sent::Unsure, LATE.to_owned()),
            };
            let id = heard.id;
            tracing::warn!(
                interaction.id = id,
                "interaction {id} was not answered: {why}"
            );
            return sent;
        }
    }

    /// Puts the answer in the place of the one that said "wait", however often that takes within
    /// [`REPLACE_MAX`].
    async fn replace(&self, heard: &Heard, what: &Private) {
        let edit = what.later();
        let until = Instant::now() + REPLACE_MAX;
        let mut wait = AGAIN_AFTER;
        loop {
            let call =
                self.http
                    .edit_original_interaction_response(&heard.token, &edit, Vec::new());
            let (again, why) = match timeout(CALL_MAX, call).await {
                Ok(Ok(_)) => return,
                Ok(Err(error)) => (may_pass(&error), said(&error)),
                Err(_) => (true, LATE.to_owned()),
            };
            if !again || Instant::now() + wait >= until {
                let id = heard.id;
                tracing::warn!(
                    interaction.id = id,
                    "the answer to interaction {id} was not shown: {why}"
                );
                return;
            }
            sleep(wait).await;
            wait = (wait * 2).min(REPLACE_WAIT_MAX);
        }
    }
}

/// Why an answer was not taken, where nothing was heard.
const LATE: &str = "the service did not take it in time";

/// What is known of a first answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// The service has it.
    Taken,
    /// It may have it.
    Unsure,
    /// It does not have it, and takes nothing more for this interaction.
    Refused,
}

impl Reply {
    /// As a first answer.
    pub(super) fn first(self) -> CreateInteractionResponse {
        match self {
            Self::Private(what) => CreateInteractionResponse::Message(private(&what)),
            Self::Form(form) => CreateInteractionResponse::Modal(form),
            Self::Choices(choices) => {
                let choices = choices.into_iter().take(MAX_CHOICES);
                let choices = choices.map(|(name, value)| AutocompleteChoice::new(name, value));
                let answer = CreateAutocompleteResponse::new().set_choices(choices.collect());
                CreateInteractionResponse::Autocomplete(answer)
            }
        }
    }
}

impl Private {
    /// In the place of a first answer that said "wait".
    pub(super) fn later(&self) -> EditInteractionResponse {
        EditInteractionResponse::new()
            .content(capped(&self.text))
            .components(self.rows.clone())
            .allowed_mentions(CreateAllowedMentions::new())
    }
}

fn private(what: &Private) -> CreateInteractionResponseMessage {
    CreateInteractionResponseMessage::new()
        .content(capped(&what.text))
        .components(what.rows.clone())
        .ephemeral(true)
        .allowed_mentions(CreateAllowedMentions::new())
}

/// Cut where the service would refuse it.
fn capped(text: &str) -> String {
    if text.encode_utf16().count() <= MAX_TEXT {
        return text.to_owned();
    }
    let mut units = 0;
    let kept = text.chars().take_while(|letter| {
        units += letter.len_utf16();
        units < MAX_TEXT
    });
    let mut cut: String = kept.collect();
    cut.push('…');
    cut
}

/// The service's number for a refusal.
fn code_of(error: &serenity::Error) -> Option<isize> {
    match error {
        serenity::Error::Http(HttpError::UnsuccessfulRequest(refused)) => Some(refused.error.code),
        _ => None,
    }
}

/// Whether the same may be taken a moment later: the service is in trouble, or the way to it is.
fn may_pass(error: &serenity::Error) -> bool {
    match error {
        serenity::Error::Http(HttpError::UnsuccessfulRequest(refused)) => {
            refused.status_code.is_server_error()
        }
        serenity::Error::Http(HttpError::Request(_)) => true,
        _ => false,
    }
}

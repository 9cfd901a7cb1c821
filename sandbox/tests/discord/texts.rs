//! Whatever people write, the posts that show it are taken by Discord and call nobody.

use std::collections::BTreeSet;

use countersign::config::TokenKeys;
use countersign::config::discord::Shown as Part;
use countersign::outbound::chat::payload::Payload;
use countersign::outbound::chat::{Readers, samples};
use countersign::render::Renderer;
use countersign::token::Keyring;
use countersign::workflow::post::Shown;
use countersign::workflow::request::State;
use countersign_sandbox::discord::{Judge, would_call};

/// The longest text that is tried, in characters.
const LONG: usize = 10_000;
/// Code points in one text.
const BLOCK: u32 = 2_048;

/// What somebody would write who means harm.
const HOSTILE: [&str; 22] = [
    "@everyone @here <@1234> <@!1234> <@&1234> <#1234>",
    "<@\u{200b}1234> <\u{200b}@1234> @\u{200b}everyone",
    "\\@everyone \\<@1234> \\\\<@1234>",
    "`@everyone` ```\n<@1234>\n``` ``<@&1>``",
    "[click](https://evil.example) <https://evil.example> https://evil.example",
    "# BIG\n## less\n-# small\n> quote\n>>> all\n- list\n1. list",
    "**bold** __under__ *it* _it_ ~~no~~ ||spoiler||",
    "<t:0:F> <t:99999999999999:R> </approve:1234> <:emoji:1234> <a:emoji:1234> <id:guide>",
    "\u{202e}evorppa\u{202c} \u{2066}x\u{2069} \u{200f}",
    "a\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}",
    "\u{0}\u{1}\u{7}\u{1b}[31mred\r\n\t\u{85}\u{2028}\u{2029}",
    "\u{e0041}\u{e0042} \u{ad} \u{feff} \u{3164}",
    "👩‍👩‍👧‍👦 🇧🇷 🏳️‍🌈 é ﷽ 𝕳𝖊𝖑𝖑𝖔",
    "\\",
    "\\\\\\",
    "`",
    "```",
    "<",
    "<@",
    "@",
    " ",
    "",
];

/// Shows text after text in every part of posts, and lets Discord's rules judge them.
struct Press {
    judge: Judge,
    renderer: Renderer,
    keys: Keyring,
    samples: Vec<Shown>,
    parts: BTreeSet<Part>,
    made: usize,
}

impl Press {
    fn new() -> Self {
        let key = data_encoding::BASE64.encode(&[1; 32]);
        let keys = TokenKeys {
            current: "k".into(),
            keys: vec![("k".into(), key.into())],
        };
        Self {
            judge: Judge::from_env().expect("the API description"),
            renderer: Renderer::new(None).expect("our own templates"),
            keys: Keyring::new(&keys).expect("a good key"),
            samples: samples(),
            parts: BTreeSet::from(Part::ALL),
            made: 0,
        }
    }

    /// One text in a post; each time another state, language and reader.
    fn shows(&mut self, text: &str) {
        let index = self.made;
        self.made += 1;
        let mut shown = self.samples[index % self.samples.len()].clone();
        fill(&mut shown, text);
        let readers = Readers {
            locale: ["en", "pt-BR"][index % 2],
            parts: index.is_multiple_of(3).then_some(&self.parts),
        };
        let payload = Payload::of(&shown, readers, (&self.renderer, &self.keys));
        let payload = payload.expect("our own templates");
        let message = serde_json::to_value(payload.message("AAAAAAAAAAAAAAAAAAAAAA0".into()));
        let message = message.expect("it is JSON");
        let change = serde_json::to_value(payload.edit()).expect("it is JSON");
        let told = || text.chars().take(200).collect::<String>();
        let judged = self.judge.message(&message);
        judged.unwrap_or_else(|why| panic!("{why}: {:?}", told()));
        let judged = self.judge.change(&change);
        judged.unwrap_or_else(|why| panic!("{why}: {:?}", told()));
        for body in [&message, &change] {
            assert_eq!(body["allowed_mentions"]["parse"], serde_json::json!([]));
            assert_eq!(would_call(body), [], "{:?}", told());
        }
        assert_eq!(message["enforce_nonce"], true);
    }
}

/// Puts a text wherever a person's can stand.
fn fill(shown: &mut Shown, text: &str) {
    let own = || text.to_owned();
    let facts = &mut shown.facts;
    facts.requester_name = own();
    facts.justification = Some(own());
    facts.policy = own();
    facts.subject.resource = own();
    facts.subject.account = Some(own());
    for step in &mut facts.steps {
        step.name = own();
        for vote in &mut step.votes {
            vote.name = own();
            vote.comment = Some(own());
            vote.on_behalf_of = Some(own());
        }
        // As many votes as a large step can have.
        let again = step
            .votes
            .iter()
            .cycle()
            .take(step.votes.len() * 20)
            .cloned();
        step.votes = again.collect();
    }
    if let State::Withdrawn { reason, .. } = &mut facts.state {
        *reason = own();
    }
    if let Some(emergency) = &mut facts.emergency {
        emergency.reason = own();
        if let Some(review) = &mut emergency.review {
            review.by = own();
            review.finding = own();
        }
    }
    if let Some(ending) = &mut facts.ending {
        ending.by = own();
        ending.reason = Some(own());
    }
    shown.held = vec![own(); 30];
}

/// Goal: any text of any person yields posts that Discord takes, in every part, state and language, and that
/// would call nobody even if calling were allowed.
/// Method: all of Unicode, block by block; hostile texts, alone, repeated to 10,000 characters, and joined in
/// pairs; each with and without `DISCORD_OPENAPI`'s description.
#[test]
fn any_text_can_be_posted_and_calls_nobody() {
    let mut press = Press::new();
    let last = u32::from(char::MAX);
    for start in (0..=last).step_by(BLOCK as usize) {
        let block = (start..(start + BLOCK).min(last + 1)).filter_map(char::from_u32);
        let text: String = block.collect();
        press.shows(&text);
    }
    for text in HOSTILE {
        press.shows(text);
        press.shows(&text.chars().cycle().take(LONG).collect::<String>());
        for other in HOSTILE {
            press.shows(&format!("{text}{other}"));
            press.shows(&format!("{other}\n{text}"));
        }
    }
    for letter in ["a", "@", "\\", "\n", "`", "😀", "\u{300}", "|| "] {
        press.shows(&letter.repeat(LONG / letter.chars().count()));
    }
    assert!(press.made > 1_000, "{}", press.made);
}

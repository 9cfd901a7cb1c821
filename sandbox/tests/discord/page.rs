//! The page, by the requests that a browser makes, with a bot behind it.

use countersign_sandbox::discord::{Double, Person, page};
use serenity::all::{
    AutocompleteChoice, ChannelId, CommandOptionType, CreateActionRow, CreateAutocompleteResponse,
    CreateButton, CreateCommand, CreateCommandOption, CreateInputText, CreateInteractionResponse,
    CreateMessage, CreateModal, InputTextStyle,
};
use tokio::net::TcpListener;

use super::bot::{Bot, guild, message, says, start};

struct Desk {
    client: reqwest::Client,
    at: String,
    room: String,
    _serving: tokio::task::JoinSet<()>,
}

impl Desk {
    async fn new(double: &Double, rita: &Person) -> Self {
        let routes = page::routes(double, vec![rita.clone()]).expect("routes");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let at = format!("http://{}", listener.local_addr().expect("an address"));
        let mut serving = tokio::task::JoinSet::new();
        serving.spawn(async move {
            axum::serve(listener, routes).await.expect("serves");
        });
        let client = reqwest::Client::new();
        let room = format!("/{}/{}", rita.id(), double.home().id());
        Self {
            client,
            at,
            room,
            _serving: serving,
        }
    }

    async fn get(&self, path: &str) -> String {
        let answer = self
            .client
            .get(format!("{}{path}", self.at))
            .send()
            .await
            .expect("a page");
        answer.text().await.expect("text")
    }

    /// Sends a form, follows to the page behind it, and returns that page's path and text.
    async fn post(&self, path: &str, form: &[(&str, &str)]) -> (String, String) {
        let request = self.client.post(format!("{}{}{path}", self.at, self.room));
        let answer = request.form(form).send().await.expect("a page");
        let path = answer.url().path().to_owned();
        (path, answer.text().await.expect("text"))
    }
}

async fn with_command(double: &Double, bot: &Bot) {
    let option = CreateCommandOption::new(CommandOptionType::String, "resource", "What for")
        .required(true)
        .set_autocomplete(true);
    let new = CreateCommandOption::new(CommandOptionType::SubCommand, "new", "Ask for access");
    let request = CreateCommand::new("request").description("Requests");
    let command = request.add_option(new.add_sub_option(option));
    guild(double)
        .set_commands(&bot.http, vec![command])
        .await
        .expect("registered");
}

/// Goal: a person can type a command with what the bot offers, and reads the private answer.
/// Method: the page's own requests, one after the other.
#[tokio::test]
async fn a_command_by_the_page() {
    let (double, _, mut bot) = start().await;
    with_command(&double, &bot).await;
    let rita = double.person("Rita", "en-US");
    let desk = Desk::new(&double, &rita).await;
    let page = desk.get("/").await;
    assert!(
        page.contains("request new</b>") && page.contains("# general"),
        "{page}"
    );
    let offers = format!(
        "{}/offers?command=/request+new&cursor=resource&o.resource=pr",
        desk.room
    );
    let (offered, ()) = tokio::join!(desk.get(&offers), async {
        let asked = bot.asked().await.autocomplete().expect("typing");
        let choice = AutocompleteChoice::new("Production", "prod-db-1");
        let choices = CreateAutocompleteResponse::new().set_choices(vec![choice]);
        let answer = CreateInteractionResponse::Autocomplete(choices);
        asked
            .create_response(&bot.http, answer)
            .await
            .expect("answered");
    });
    assert_eq!(offered, r#"[{"label":"Production","value":"prod-db-1"}]"#);
    let form = [("command", "/request new"), ("o.resource", "prod-db-1")];
    let ((_, page), ()) = tokio::join!(desk.post("/send", &form), async {
        let asked = bot.asked().await.command().expect("a command");
        let private = CreateInteractionResponse::Message(message("**Filed** <b>").ephemeral(true));
        asked
            .create_response(&bot.http, private)
            .await
            .expect("answered");
    });
    assert!(page.contains("<strong>Filed</strong> &lt;b&gt;"), "{page}");
    assert!(
        page.contains("Only you can see this") && page.contains("Rita used &#x2f;request"),
        "{page}"
    );
    double.verdict().expect("nothing was refused");
}

/// Goal: a click opens a modal, which is filled in and changes the post; without an answer it says
/// so.
/// Method: the same post; the second time the bot is gone.
#[tokio::test]
async fn a_click_by_the_page() {
    let (double, _, mut bot) = start().await;
    let rita = double.person("Rita", "en-US");
    let desk = Desk::new(&double, &rita).await;
    let button = CreateActionRow::Buttons(vec![CreateButton::new("no").label("Disapprove")]);
    let question = CreateMessage::new()
        .content("May she?")
        .components(vec![button]);
    let home = ChannelId::new(double.home().id().get());
    let post = home
        .send_message(&bot.http, question)
        .await
        .expect("posted");
    let click = [
        ("post", post.id.to_string()),
        ("label", "Disapprove".to_owned()),
    ];
    let click = click
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let ((path, page), ()) = tokio::join!(desk.post("/click", &click), async {
        let asked = bot.asked().await.message_component().expect("a click");
        let why = CreateInputText::new(InputTextStyle::Paragraph, "Why", "why");
        let modal =
            CreateModal::new("no", "Disapprove").components(vec![CreateActionRow::InputText(why)]);
        let modal = CreateInteractionResponse::Modal(modal);
        asked
            .create_response(&bot.http, modal)
            .await
            .expect("opened");
    });
    assert!(page.contains("name=\"i.why\""), "{page}");
    let path = path
        .strip_prefix(&desk.room)
        .expect("below the room")
        .to_owned();
    let ((), page) = tokio::join!(
        async {
            let asked = bot.asked().await.modal_submit().expect("a modal");
            asked
                .create_response(&bot.http, says("No: today"))
                .await
                .expect("answered");
        },
        desk.post(&path, &[("i.why", "today")])
    );
    assert!(page.1.contains("No: today"), "{}", page.1);
    drop(bot);
    let (_, page) = desk.post("/click", &click).await;
    assert!(page.contains("This interaction failed"), "{page}");
    double.verdict().expect("nothing was refused");
}

/// Goal: nobody but the page itself sends requests, and nobody reads another's direct messages.
/// Method: a foreign origin, a foreign name, somebody else's room.
#[tokio::test]
async fn only_from_here() {
    let (double, _, _bot) = start().await;
    let (rita, bob) = (
        double.person("Rita", "en-US"),
        double.person("Bob", "en-US"),
    );
    let desk = Desk::new(&double, &rita).await;
    let url = format!("{}{}/write", desk.at, desk.room);
    for (name, value) in [
        ("origin", "https://elsewhere.test"),
        ("host", "elsewhere.test"),
    ] {
        let request = desk
            .client
            .post(&url)
            .header(name, value)
            .form(&[("text", "x")]);
        assert_eq!(
            request.send().await.expect("an answer").status().as_u16(),
            403
        );
    }
    assert!(double.home().posts().is_empty());
    let private = format!("{}/{}/{}", desk.at, rita.id(), double.direct(&bob).id());
    let answer = desk.client.get(private).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 404);
}

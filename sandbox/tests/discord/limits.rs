//! What a body may not be: the numbers and paths of Discord's refusals, by requests without a
//! client in between, since the client refuses some of it itself.

use countersign::clock::Clock;
use countersign_sandbox::discord::Double;
use serde_json::{Value, json};

use super::bot::client;

struct Desk {
    double: Double,
    client: reqwest::Client,
    channel: String,
}

impl Desk {
    async fn new() -> Self {
        let double = Double::alone(Clock::system()).await.expect("a double");
        let client = client(&double);
        let channel = format!("/channels/{}/messages", double.home().id());
        Self {
            double,
            client,
            channel,
        }
    }

    /// Every answer so far was as described.
    fn is_right(&self) {
        assert_eq!(self.double.wrong(), Vec::<String>::new());
    }

    fn commands(&self) -> String {
        let (application, guild) = (self.double.application(), self.double.guild());
        format!("/applications/{application}/guilds/{guild}/commands")
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("https://discord.com/api/v10{path}");
        let method = method.parse().expect("a method");
        let request = self.client.request(method, url);
        let request = request.header("authorization", format!("Bot {}", self.double.token()));
        let request = request.header("content-type", "application/json");
        let answer = request
            .body(body.to_string())
            .send()
            .await
            .expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    /// What a post is answered: 0, or Discord's number and the first field that is wrong.
    async fn post(&self, body: &Value) -> (i64, String) {
        let (status, answer) = self.send("POST", &self.channel, body).await;
        if status == 200 {
            return (0, String::new());
        }
        (
            answer["code"].as_i64().unwrap_or(-1),
            first(&answer["errors"]),
        )
    }
}

/// `embeds.0.title BASE_TYPE_MAX_LENGTH`.
fn first(errors: &Value) -> String {
    let mut path = String::new();
    let mut at = errors;
    while let Some((key, value)) = at.as_object().and_then(|object| object.iter().next()) {
        if key == "_errors" {
            let code = value[0]["code"].as_str().unwrap_or_default();
            return format!("{path} {code}");
        }
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(key);
        at = value;
    }
    String::new()
}

fn long(count: usize) -> String {
    "é".repeat(count)
}

fn button(id: &str) -> Value {
    json!({ "type": 2, "style": 1, "label": "x", "custom_id": id })
}

fn row(parts: &[Value]) -> Value {
    json!({ "type": 1, "components": parts })
}

/// A post at its limit and one beyond it, with what is wrong there.
type Pair = (Value, Value, &'static str);

async fn compare(pairs: Vec<Pair>) {
    let desk = Desk::new().await;
    let count = pairs.len();
    for (good, bad, wrong) in pairs {
        assert_eq!(
            desk.post(&good).await,
            (0, String::new()),
            "{wrong}, at the limit"
        );
        assert_eq!(desk.post(&bad).await, (50035, wrong.to_owned()));
    }
    assert_eq!(desk.double.home().posts().len(), count);
    desk.is_right();
}

/// A post with some text and this.
fn with(key: &str, value: &Value) -> Value {
    json!({ "content": "x", key: value })
}

/// Goal: each limit of a message's texts is refused one step beyond it, and not at it.
/// Method: pairs of bodies, by the number and the path of the refusal.
#[tokio::test]
async fn texts() {
    let field = |name: usize, value: usize| json!({ "name": long(name), "value": long(value) });
    let embed = |key: &str, value: Value| json!({ "embeds": [{ key: value }] });
    let text = |key: &str, count: usize| embed(key, json!(long(count)));
    let fields = |fields: Vec<Value>| embed("fields", json!(fields));
    let together = |count: usize| {
        let embeds = [4_000, count].map(|count| json!({ "description": long(count) }));
        json!({ "embeds": embeds })
    };
    let parse = |key: &str| {
        with(
            "allowed_mentions",
            &json!({ "parse": ["users"], key: ["1"] }),
        )
    };
    compare(vec![
        (
            json!({ "content": long(2_000) }),
            json!({ "content": long(2_001) }),
            "content BASE_TYPE_MAX_LENGTH",
        ),
        (
            text("title", 256),
            text("title", 257),
            "embeds.0.title BASE_TYPE_MAX_LENGTH",
        ),
        (
            text("description", 4_096),
            text("description", 4_097),
            "embeds.0.description BASE_TYPE_MAX_LENGTH",
        ),
        (
            fields(vec![field(1, 1); 25]),
            fields(vec![field(1, 1); 26]),
            "embeds.0.fields BASE_TYPE_MAX_LENGTH",
        ),
        (
            fields(vec![field(256, 1)]),
            fields(vec![field(257, 1)]),
            "embeds.0.fields.0.name BASE_TYPE_MAX_LENGTH",
        ),
        (
            fields(vec![field(1, 1_024)]),
            fields(vec![field(1, 1_025)]),
            "embeds.0.fields.0.value BASE_TYPE_MAX_LENGTH",
        ),
        (
            fields(vec![field(1, 1)]),
            fields(vec![field(1, 0)]),
            "embeds.0.fields.0.value BASE_TYPE_REQUIRED",
        ),
        (
            together(2_000),
            together(2_001),
            "embeds MAX_EMBED_SIZE_EXCEEDED",
        ),
        (
            with("nonce", &json!("x".repeat(25))),
            with("nonce", &json!("x".repeat(26))),
            "nonce BASE_TYPE_MAX_LENGTH",
        ),
        (
            parse("roles"),
            parse("users"),
            "allowed_mentions.users MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
        ),
    ])
    .await;
}

/// Goal: the same for rows, buttons and menus.
/// Method: the same.
#[tokio::test]
async fn rows() {
    let rows = |rows: Vec<Value>| with("components", &json!(rows));
    let buttons = |count: usize, first: usize| {
        let buttons: Vec<_> = (first..first + count)
            .map(|n| button(&n.to_string()))
            .collect();
        row(&buttons)
    };
    let singles = |count: usize| rows((0..count).map(|n| buttons(1, n)).collect());
    let one = |button: Value| rows(vec![row(&[button])]);
    let label = |label: usize| {
        one(json!({ "type": 2, "style": 1, "label": long(label), "custom_id": "b" }))
    };
    let menu = |count: usize| {
        let option = |n: usize| json!({ "label": "x", "value": n.to_string() });
        let options: Vec<_> = (0..count).map(option).collect();
        one(json!({ "type": 3, "custom_id": "m", "options": options }))
    };
    compare(vec![
        (singles(5), singles(6), "components BASE_TYPE_MAX_LENGTH"),
        (
            rows(vec![buttons(5, 0)]),
            rows(vec![buttons(6, 0)]),
            "components.0.components BASE_TYPE_BAD_LENGTH",
        ),
        (
            menu(25),
            menu(26),
            "components.0.components.0.options BASE_TYPE_BAD_LENGTH",
        ),
        (
            label(80),
            label(81),
            "components.0.components.0.label BASE_TYPE_MAX_LENGTH",
        ),
        (
            one(button(&long(100))),
            one(button(&long(101))),
            "components.0.components.0.custom_id BASE_TYPE_MAX_LENGTH",
        ),
        (
            one(button("b")),
            one(button("")),
            "components.0.components.0.custom_id BASE_TYPE_REQUIRED",
        ),
        (
            rows(vec![row(&[button("a"), button("b")])]),
            rows(vec![row(&[button("a"), button("a")])]),
            "components.0.components.1.custom_id COMPONENT_CUSTOM_ID_DUPLICATED",
        ),
    ])
    .await;
}

/// Goal: a post that would show nothing is refused by its own number.
/// Method: three ways to show nothing.
#[tokio::test]
async fn nothing_to_show() {
    let desk = Desk::new().await;
    for empty in [
        json!({}),
        json!({ "content": " \n" }),
        json!({ "embeds": [{}] }),
    ] {
        assert_eq!(desk.post(&empty).await, (50006, String::new()), "{empty}");
    }
    desk.is_right();
}

/// Goal: an edit cannot empty a post; what it does not name stays; a post of a person's is not
/// ours.
/// Method: edits of one post.
#[tokio::test]
async fn edits() {
    let desk = Desk::new().await;
    let body = json!({ "content": "x", "embeds": [{ "title": "y" }] });
    let (_, post) = desk.send("POST", &desk.channel, &body).await;
    let path = format!("{}/{}", desk.channel, post["id"].as_str().expect("an id"));
    let (status, after) = desk.send("PATCH", &path, &json!({ "content": null })).await;
    assert_eq!(
        (status, after["embeds"][0]["title"].as_str()),
        (200, Some("y"))
    );
    let (_, refused) = desk.send("PATCH", &path, &json!({ "embeds": [] })).await;
    assert_eq!(refused["code"], 50006);
    let (status, read) = desk.send("GET", &path, &Value::Null).await;
    assert_eq!(
        (status, read["embeds"][0]["title"].as_str()),
        (200, Some("y"))
    );
    let rita = desk
        .double
        .person("Rita", "en-US")
        .writes(&desk.double.home(), "mine");
    let path = format!("{}/{rita}", desk.channel);
    let (status, refused) = desk.send("PATCH", &path, &json!({ "content": "z" })).await;
    assert_eq!((status, refused["code"].as_i64()), (403, Some(50005)));
    desk.is_right();
}

/// Goal: sound commands are taken, and keep their ids when they are sent again.
/// Method: the same list twice.
#[tokio::test]
async fn sound_commands() {
    let desk = Desk::new().await;
    let inner = json!([option("a", 3, true), option("b", 4, false)]);
    let sound = json!([{
        "name": "pedido", "description": "d", "default_member_permissions": "0",
        "name_localizations": { "pt-BR": "petição" }, "options": [sub(&inner)],
    }]);
    let (status, made) = desk.send("PUT", &desk.commands(), &sound).await;
    let guild = desk.double.guild().to_string();
    assert_eq!(
        (status, made[0]["guild_id"].as_str()),
        (200, Some(guild.as_str()))
    );
    let (_, again) = desk.send("PUT", &desk.commands(), &sound).await;
    assert_eq!(made[0]["id"], again[0]["id"]);
    let (_, read) = desk.send("GET", &desk.commands(), &Value::Null).await;
    assert_eq!(read, again);
    desk.is_right();
}

fn plain(name: &str) -> Value {
    json!({ "name": name, "description": "d" })
}

fn option(name: &str, kind: u64, required: bool) -> Value {
    json!({ "name": name, "description": "d", "type": kind, "required": required })
}

fn sub(options: &Value) -> Value {
    json!({ "name": "s", "description": "d", "type": 1, "options": options })
}

fn of(options: &Value) -> Value {
    json!([{ "name": "c", "description": "d", "options": options }])
}

fn localized(locale: &str, name: &str) -> Value {
    json!([{ "name": "x", "description": "d", "name_localizations": { locale: name } }])
}

/// Goal: commands are named, described, nested and counted as Discord wants it.
/// Method: each fault by itself.
#[tokio::test]
async fn commands() {
    let desk = Desk::new().await;
    let listed = |count: usize| {
        let choice = |n: usize| json!({ "name": n.to_string(), "value": n.to_string() });
        let mut option = option("a", 3, true);
        option["choices"] = (0..count).map(choice).collect();
        of(&json!([option]))
    };
    let many: Vec<_> = (0..26).map(|n| option(&n.to_string(), 3, true)).collect();
    let hundred: Vec<_> = (0..101).map(|n| plain(&n.to_string())).collect();
    let late = json!([option("a", 3, false), option("b", 3, true)]);
    let twice = json!([option("a", 3, true), option("a", 3, true)]);
    let nested = of(&json!([sub(&json!([sub(&json!([]))]))]));
    let long_text = json!([{ "name": "x", "description": long(101) }]);
    for (bad, wrong) in [
        (
            json!([plain("Upper")]),
            "0.name APPLICATION_COMMAND_INVALID_NAME",
        ),
        (
            json!([plain("two words")]),
            "0.name APPLICATION_COMMAND_INVALID_NAME",
        ),
        (json!([plain(&long(33))]), "0.name BASE_TYPE_MAX_LENGTH"),
        (json!([{ "name": "x" }]), "0.description BASE_TYPE_REQUIRED"),
        (long_text, "0.description BASE_TYPE_MAX_LENGTH"),
        (
            json!([plain("x"), plain("x")]),
            "1 APPLICATION_COMMANDS_DUPLICATE_NAME",
        ),
        (
            localized("xx", "y"),
            "0.name_localizations.xx DICT_TYPE_CHOICES",
        ),
        (
            localized("pt-BR", "Y"),
            "0.name_localizations.pt-BR APPLICATION_COMMAND_INVALID_NAME",
        ),
        (
            of(&late),
            "0.options.1 APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
        ),
        (
            of(&twice),
            "0.options.1 APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED",
        ),
        (of(&json!(many)), "0.options BASE_TYPE_MAX_LENGTH"),
        (listed(26), "0.options.0.choices BASE_TYPE_MAX_LENGTH"),
        (
            nested,
            "0.options.0.options.0 APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
        ),
        (json!(hundred), " BASE_TYPE_MAX_LENGTH"),
    ] {
        let (status, answer) = desk.send("PUT", &desk.commands(), &bad).await;
        assert_eq!(
            (status, first(&answer["errors"]).as_str()),
            (400, wrong),
            "{bad}"
        );
    }
    let (status, _) = desk.send("PUT", &desk.commands(), &listed(25)).await;
    assert_eq!(status, 200);
    desk.double
        .until_command("c")
        .await
        .expect("what was taken");
    desk.is_right();
}

/// Goal: without the token, at no endpoint, and without JSON nothing is done.
/// Method: one request each.
#[tokio::test]
async fn the_door() {
    let desk = Desk::new().await;
    let url = |path: &str| format!("https://discord.com/api/v10{path}");
    let get = async |path: &str, token: &str| {
        let request = desk.client.get(url(path)).header("authorization", token);
        request.send().await.expect("an answer").status().as_u16()
    };
    let token = format!("Bot {}", desk.double.token());
    assert_eq!(get("/users/@me", &token).await, 200);
    assert_eq!(get("/users/@me", &desk.double.token()).await, 401);
    assert_eq!(get("/users/@me", "Bot x").await, 401);
    assert_eq!(get("/gateway", "").await, 200);
    assert_eq!(get("/nothing", &token).await, 404);
    let post = desk
        .client
        .post(url(&desk.channel))
        .header("authorization", &token);
    let answer = post.body("{").send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 400);
    assert_eq!(desk.send("DELETE", "/users/@me", &Value::Null).await.0, 405);
    desk.is_right();
}

/// Goal: an answer to nothing is refused, whatever it is.
/// Method: an interaction that never was, and a token that never was.
#[tokio::test]
async fn answers_to_nothing() {
    let desk = Desk::new().await;
    let body = json!({ "type": 4, "data": { "content": "x" } });
    let (status, answer) = desk
        .send("POST", "/interactions/1/nothing/callback", &body)
        .await;
    assert_eq!((status, answer["code"].as_i64()), (404, Some(10062)));
    let path = format!(
        "/webhooks/{}/nothing/messages/@original",
        desk.double.application()
    );
    let (status, answer) = desk.send("PATCH", &path, &json!({ "content": "x" })).await;
    assert_eq!((status, answer["code"].as_i64()), (401, Some(50027)));
    let unknown = json!({ "type": 99 });
    let (status, answer) = desk
        .send("POST", "/interactions/1/nothing/callback", &unknown)
        .await;
    assert_eq!((status, answer["code"].as_i64()), (400, Some(50035)));
    let modal = |title: usize, label: usize| {
        json!({ "type": 9, "data": {
        "title": long(title), "custom_id": "m", "components": [row(&[
            json!({ "type": 4, "custom_id": "i", "style": 1, "label": long(label) }),
        ])],
    } })
    };
    for (body, wrong) in [
        (modal(46, 45), "data.title BASE_TYPE_MAX_LENGTH"),
        (
            modal(45, 46),
            "data.components.0.components.0.label BASE_TYPE_MAX_LENGTH",
        ),
        (modal(0, 1), "data.title BASE_TYPE_REQUIRED"),
    ] {
        let (_, answer) = desk
            .send("POST", "/interactions/1/nothing/callback", &body)
            .await;
        assert_eq!(first(&answer["errors"]), wrong);
    }
    let (_, answer) = desk
        .send("POST", "/interactions/1/nothing/callback", &modal(45, 45))
        .await;
    assert_eq!(answer["code"], 10062, "sound, and an answer to nothing");
    desk.is_right();
}

/// Goal: where Discord's description is named, it is asked as well.
/// Method: a body that the hand-written rules know nothing about. `make test-schema` runs it.
#[tokio::test]
#[ignore = "needs Discord's API description: `make test-schema`"]
async fn the_description_is_asked() {
    let path = std::env::var_os(countersign_sandbox::discord::DESCRIPTION);
    assert!(path.is_some(), "DISCORD_OPENAPI names no file");
    let desk = Desk::new().await;
    let body = json!({ "content": "x", "message_reference": 5 });
    let (code, wrong) = desk.post(&body).await;
    assert_eq!((code, wrong.as_str()), (50035, " DESCRIPTION"));
    assert_eq!(desk.post(&json!({ "content": "x" })).await.0, 0);
    desk.is_right();
}

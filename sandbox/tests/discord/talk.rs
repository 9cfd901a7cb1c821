//! Commands, buttons, modals, menus, direct messages: one conversation a test.

use countersign_sandbox::discord::{First, Ping};
use serenity::all::{
    AutocompleteChoice, ButtonStyle, ChannelId, CommandOptionType, CreateActionRow,
    CreateAllowedMentions, CreateAutocompleteResponse, CreateButton, CreateCommand,
    CreateCommandOption, CreateEmbed, CreateInputText, CreateInteractionResponse,
    CreateInteractionResponseFollowup, CreateInteractionResponseMessage, CreateMessage,
    CreateModal, CreateSelectMenu, CreateSelectMenuKind, CreateSelectMenuOption,
    EditInteractionResponse, InputTextStyle, Interaction, MessageFlags, ResolvedValue, UserId,
};

use super::bot::{Bot, Heard, code, guild, message, says, start};

fn command() -> CreateCommand {
    let resource = CreateCommandOption::new(CommandOptionType::String, "resource", "What for")
        .required(true)
        .set_autocomplete(true);
    let module = CreateCommandOption::new(CommandOptionType::String, "module", "Which kind")
        .required(true)
        .add_string_choice("A password", "credential")
        .add_string_choice("A session", "proxy_session");
    let hours = CreateCommandOption::new(CommandOptionType::Integer, "hours", "How long")
        .min_int_value(1)
        .max_int_value(8);
    let new = CreateCommandOption::new(CommandOptionType::SubCommand, "new", "Ask for access")
        .name_localized("pt-BR", "novo")
        .add_sub_option(module)
        .add_sub_option(resource)
        .add_sub_option(hours);
    CreateCommand::new("request")
        .description("Requests")
        .name_localized("pt-BR", "pedido")
        .add_option(new)
}

async fn registered(double: &countersign_sandbox::discord::Double, bot: &Bot) {
    let made = guild(double).set_commands(&bot.http, vec![command()]).await;
    assert_eq!(made.expect("registered").len(), 1);
    double.until_command("request").await.expect("the command");
}

/// Goal: a command reaches the bot with its options, and a private answer only the one who typed
/// it.
/// Method: typed in English and in Portuguese; what Discord's program would not send is refused
/// there.
#[tokio::test]
async fn a_slash_command_and_a_private_answer() {
    let (double, _, mut bot) = start().await;
    registered(&double, &bot).await;
    let (rita, bob) = (
        double.person("Rita", "en-US"),
        double.person("Bob", "pt-BR"),
    );
    let options = [
        ("module", "A password"),
        ("resource", "prod-db-1"),
        ("hours", "2"),
    ];
    let typed = rita.types("/request new", &options).expect("sent");
    let Interaction::Command(asked) = bot.asked().await else {
        panic!("not a command");
    };
    assert_eq!(
        (asked.data.name.as_str(), asked.locale.as_str()),
        ("request", "en-US")
    );
    assert_eq!(asked.user.id, UserId::new(rita.id().get()));
    assert_eq!(asked.guild_id, Some(guild(&double)));
    let options = asked.data.options();
    let ResolvedValue::SubCommand(inner) = &options[0].value else {
        panic!("not a subcommand: {options:?}");
    };
    let values: Vec<_> = inner
        .iter()
        .map(|one| format!("{}={:?}", one.name, one.value))
        .collect();
    assert_eq!(
        values,
        [
            "module=String(\"credential\")",
            "resource=String(\"prod-db-1\")",
            "hours=Integer(2)"
        ]
    );
    let answer = CreateInteractionResponse::Message(message("R-1 is filed.").ephemeral(true));
    asked
        .create_response(&bot.http, answer)
        .await
        .expect("answered");
    let post = typed.says().await.expect("an answer");
    assert_eq!(
        (post.text().as_str(), post.only_for),
        ("R-1 is filed.", Some(rita.id()))
    );
    assert_eq!(double.home().posts_for(rita.id()).len(), 1);
    assert_eq!(double.home().posts_for(bob.id()).len(), 0);

    bob.types(
        "/pedido novo",
        &[("module", "credential"), ("resource", "x")],
    )
    .expect("sent");
    let asked = bot.asked().await.command().expect("a command");
    assert_eq!(
        (asked.data.name.as_str(), asked.locale.as_str()),
        ("request", "pt-BR")
    );
    asked
        .create_response(&bot.http, says("Feito."))
        .await
        .expect("answered");

    for (text, options, why) in [
        ("/nothing", &[][..], "no command"),
        ("/request", &[], "not complete"),
        (
            "/request new",
            &[("module", "credential")],
            "needs the option",
        ),
        (
            "/request new",
            &[("module", "car"), ("resource", "x")],
            "not offered",
        ),
        ("/request new", &[("hours", "9")], "takes 1 to 8"),
    ] {
        let error = rita.types(text, options).expect_err(text);
        assert!(format!("{error:#}").contains(why), "{error:#}");
    }
    double.verdict().expect("nothing was refused");
}

/// Goal: what the bot offers while somebody types reaches them; nothing else is an answer to that.
/// Method: choices, then a message in their place.
#[tokio::test]
async fn choices_while_typing() {
    let (double, _, mut bot) = start().await;
    registered(&double, &bot).await;
    let rita = double.person("Rita", "en-US");
    let typing = async {
        let options = [("module", "credential"), ("resource", "pro")];
        rita.is_offered("/request new", &options)
            .await
            .expect("choices")
    };
    let answering = async {
        let Interaction::Autocomplete(asked) = bot.asked().await else {
            panic!("not typing");
        };
        let cursor = asked.data.autocomplete().expect("a cursor");
        assert_eq!((cursor.name, cursor.value), ("resource", "pro"));
        let wrong = asked.create_response(&bot.http, says("no")).await;
        assert_eq!(code(wrong), 50035);
        let choices = CreateAutocompleteResponse::new().set_choices(vec![
            AutocompleteChoice::new("Production 1", "prod-db-1"),
            AutocompleteChoice::new("Production 2", "prod-db-2"),
        ]);
        let answer = CreateInteractionResponse::Autocomplete(choices);
        asked
            .create_response(&bot.http, answer)
            .await
            .expect("answered");
    };
    let (offered, ()) = tokio::join!(typing, answering);
    let names: Vec<_> = offered.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Production 1", "Production 2"]);
    assert_eq!(double.expected(50035), 1);
    double.verdict().expect("nothing else was refused");
}

fn question() -> CreateMessage {
    let buttons = CreateActionRow::Buttons(vec![
        CreateButton::new("cs1:approve:1")
            .label("Approve")
            .style(ButtonStyle::Success),
        CreateButton::new("cs1:refuse:1")
            .label("Disapprove")
            .style(ButtonStyle::Danger),
        CreateButton::new("cs1:off:1").label("Later").disabled(true),
        CreateButton::new_link("https://example.test/r/1").label("Open"),
    ]);
    let embed = CreateEmbed::new()
        .title("R-1")
        .description("Rita asks.")
        .field("For", "prod-db-1", true);
    CreateMessage::new()
        .embed(embed)
        .components(vec![buttons])
        .allowed_mentions(CreateAllowedMentions::new())
}

/// Goal: a click reaches the bot with the post, the post changes under it, and is answered once.
/// Method: a post with buttons; a click, the update, a second answer; clicks that nobody could
/// make.
#[tokio::test]
async fn a_button_and_an_update() {
    let (double, _, mut bot) = start().await;
    let bob = double.person("Bob", "en-US");
    let channel = ChannelId::new(double.home().id().get());
    let sent = channel
        .send_message(&bot.http, question())
        .await
        .expect("posted");
    let post = double
        .home()
        .until_text("Rita asks.")
        .await
        .expect("the post");
    assert_eq!(post.id.get(), sent.id.get());
    assert_eq!(post.text(), "R-1\nRita asks.\nFor\nprod-db-1");
    for (label, why) in [
        ("Later", "disabled"),
        ("Open", "link"),
        ("Nothing", "no button"),
    ] {
        let error = bob.clicks(&post, label).expect_err(label);
        assert!(format!("{error:#}").contains(why), "{error:#}");
    }
    let click = bob.clicks(&post, "Approve").expect("clicked");
    let asked = bot.asked().await.message_component().expect("a click");
    assert_eq!(asked.data.custom_id, "cs1:approve:1");
    assert_eq!((asked.message.id, asked.message.embeds.len()), (sent.id, 1));
    assert_eq!(asked.message.components[0].components.len(), 4);
    let update = message("Approved by Bob.").components(vec![]);
    let update = CreateInteractionResponse::UpdateMessage(update);
    asked
        .create_response(&bot.http, update.clone())
        .await
        .expect("answered");
    let after = click.says().await.expect("the update");
    assert_eq!(
        (after.id, after.buttons().len(), after.edits.len()),
        (post.id, 0, 1)
    );
    assert_eq!(after.edits[0].components, post.components);
    assert!(
        after.text().starts_with("Approved by Bob."),
        "{}",
        after.text()
    );
    assert_eq!(code(asked.create_response(&bot.http, update).await), 40060);
    assert!(bob.clicks(&post, "Approve").is_err(), "the button is gone");
    let late = bob.clicks_late(&post, "Approve").expect("was on its way");
    let asked = bot.asked().await.message_component().expect("a click");
    asked
        .create_response(&bot.http, says("It was decided."))
        .await
        .expect("answered");
    assert_eq!(
        late.says().await.expect("an answer").text(),
        "It was decided."
    );
    assert_eq!(double.pings(), []);
    assert_eq!(double.expected(40060), 1);
    double.verdict().expect("nothing else was refused");
}

fn reason() -> CreateInteractionResponse {
    let why = CreateInputText::new(InputTextStyle::Paragraph, "Why", "why")
        .min_length(3)
        .max_length(20);
    let note = CreateInputText::new(InputTextStyle::Short, "Note", "note")
        .required(false)
        .value("none");
    let rows = [why, note].map(CreateActionRow::InputText);
    CreateInteractionResponse::Modal(
        CreateModal::new("cs1:why:1", "Disapprove").components(rows.into()),
    )
}

/// Goal: a modal opens at a click, is filled in within its limits, and its answer may change the
/// post; it is never the answer to a modal.
/// Method: the whole way, and each step that is not allowed.
#[tokio::test]
async fn a_modal() {
    let (double, _, mut bot) = start().await;
    let (bob, eve) = (double.person("Bob", "en-US"), double.person("Eve", "en-US"));
    let channel = ChannelId::new(double.home().id().get());
    channel
        .send_message(&bot.http, question())
        .await
        .expect("posted");
    let post = double
        .home()
        .until_text("Rita asks.")
        .await
        .expect("the post");
    let click = bob.clicks(&post, "Disapprove").expect("clicked");
    let asked = bot.asked().await.message_component().expect("a click");
    asked
        .create_response(&bot.http, reason())
        .await
        .expect("opened");
    let modal = click.modal().await.expect("a modal");
    assert_eq!(
        (modal.title.as_str(), modal.inputs.len()),
        ("Disapprove", 2)
    );
    for (who, text, why) in [
        (&bob, "no", "takes 3 to 20"),
        (&bob, "", "has to be filled in"),
        (&eve, "not today", "somebody else"),
    ] {
        let error = who.fills(&modal, &[("Why", text)]).expect_err(why);
        assert!(format!("{error:#}").contains(why), "{error:#}");
    }
    let filled = bob.fills(&modal, &[("Why", "not today")]).expect("sent");
    let asked = bot.asked().await.modal_submit().expect("a modal");
    assert_eq!(asked.data.custom_id, "cs1:why:1");
    let values = asked
        .data
        .components
        .iter()
        .map(|row| match &row.components[0] {
            serenity::all::ActionRowComponent::InputText(input) => input.value.clone(),
            other => panic!("{other:?}"),
        });
    let values: Vec<_> = values.collect();
    assert_eq!(
        values,
        [Some("not today".to_owned()), Some("none".to_owned())]
    );
    assert_eq!(
        code(asked.create_response(&bot.http, reason()).await),
        50035
    );
    let update = CreateInteractionResponse::UpdateMessage(message("Refused: not today"));
    asked
        .create_response(&bot.http, update)
        .await
        .expect("answered");
    assert_eq!(filled.says().await.expect("the update").id, post.id);
    assert_eq!(double.expected(50035), 1);
    double.verdict().expect("nothing else was refused");
}

/// Goal: what takes its time is deferred, then filled, then followed up; the token tells them
/// apart.
/// Method: a command deferred in private, edited, followed by a second message, read and deleted.
#[tokio::test]
async fn deferred_then_edited() {
    let (double, _, mut bot) = start().await;
    registered(&double, &bot).await;
    let rita = double.person("Rita", "en-US");
    let options = [("module", "credential"), ("resource", "x")];
    let typed = rita.types("/request new", &options).expect("sent");
    let asked = bot.asked().await.command().expect("a command");
    asked.defer_ephemeral(&bot.http).await.expect("deferred");
    assert_eq!(typed.first().await.expect("an answer"), First::Deferred);
    let edit = EditInteractionResponse::new().content("Filed.");
    let shown = asked.edit_response(&bot.http, edit).await.expect("edited");
    assert!(
        shown
            .flags
            .is_some_and(|flags| flags == MessageFlags::EPHEMERAL)
    );
    let post = typed.says().await.expect("an answer");
    assert_eq!(
        (post.text().as_str(), post.only_for),
        ("Filed.", Some(rita.id()))
    );
    let more = CreateInteractionResponseFollowup::new().content("And more.");
    let more = asked
        .create_followup(&bot.http, more)
        .await
        .expect("followed");
    assert_eq!(typed.says().await.expect("the last").text(), "And more.");
    assert_eq!(
        asked.get_response(&bot.http).await.expect("read").content,
        "Filed."
    );
    asked
        .delete_followup(&bot.http, more.id)
        .await
        .expect("deleted");
    asked.delete_response(&bot.http).await.expect("deleted");
    assert_eq!(code(asked.get_response(&bot.http).await), 10008);
    assert_eq!(double.expected(10008), 1);
    double.verdict().expect("nothing else was refused");
}

/// Goal: a click may be acknowledged first and change the post later; a menu gives what was chosen.
/// Method: a menu, used; deferred without a trace; then the edit.
#[tokio::test]
async fn a_menu_and_a_late_update() {
    let (double, _, mut bot) = start().await;
    let bob = double.person("Bob", "en-US");
    let options = ["one", "two", "three"];
    let options = options.map(|one| CreateSelectMenuOption::new(one.to_uppercase(), one));
    let menu = CreateSelectMenuKind::String {
        options: options.into(),
    };
    let menu = CreateSelectMenu::new("cs1:pick:1", menu)
        .placeholder("Pick")
        .max_values(2);
    let message = CreateMessage::new().content("Which?").select_menu(menu);
    let channel = ChannelId::new(double.home().id().get());
    channel
        .send_message(&bot.http, message)
        .await
        .expect("posted");
    let post = double.home().until_text("Which?").await.expect("the post");
    bob.chooses(&post, "Pick", &["ONE", "two", "three"])
        .expect_err("too many");
    bob.chooses(&post, "Pick", &["four"])
        .expect_err("not offered");
    let chosen = bob
        .chooses(&post, "Pick", &["ONE", "three"])
        .expect("chosen");
    let asked = bot.asked().await.message_component().expect("a choice");
    let serenity::all::ComponentInteractionDataKind::StringSelect { values } = &asked.data.kind
    else {
        panic!("{:?}", asked.data.kind);
    };
    assert_eq!(values, &["one", "three"]);
    let acknowledge = CreateInteractionResponse::Acknowledge;
    asked
        .create_response(&bot.http, acknowledge)
        .await
        .expect("acknowledged");
    assert_eq!(chosen.first().await.expect("an answer"), First::Deferred);
    let edit = EditInteractionResponse::new()
        .content("Chosen.")
        .components(vec![]);
    asked.edit_response(&bot.http, edit).await.expect("edited");
    let after = chosen.says().await.expect("the update");
    assert_eq!((after.id, after.text().as_str()), (post.id, "Chosen."));
    double.verdict().expect("nothing was refused");
}

/// Goal: the bot writes to a person directly, is read there, and clicked.
/// Method: the room is opened twice and is one; a click carries the person and no guild.
#[tokio::test]
async fn a_direct_message() {
    let (double, _, mut bot) = start().await;
    let alice = double.person("Alice", "en-GB");
    let user = UserId::new(alice.id().get());
    let room = user.create_dm_channel(&bot.http).await.expect("a room");
    let again = user.create_dm_channel(&bot.http).await.expect("the same");
    assert_eq!(room.id, again.id);
    room.id
        .send_message(&bot.http, question())
        .await
        .expect("sent");
    let post = double
        .direct(&alice)
        .until_text("Rita asks.")
        .await
        .expect("the message");
    let click = alice.clicks(&post, "Approve").expect("clicked");
    let asked = bot.asked().await.message_component().expect("a click");
    assert_eq!((asked.user.id, asked.guild_id), (user, None));
    let private = CreateInteractionResponseMessage::new()
        .content("Done.")
        .ephemeral(true);
    let private = CreateInteractionResponse::Message(private);
    asked
        .create_response(&bot.http, private)
        .await
        .expect("answered");
    assert_eq!(click.says().await.expect("an answer").text(), "Done.");
    double.verdict().expect("nothing was refused");
}

/// Goal: it is known who would have been called, and what people write is heard without its text.
/// Method: the same text with and without permission to call; an edit; a person's own message.
#[tokio::test]
async fn who_is_called() {
    let (double, _, mut bot) = start().await;
    let rita = double.person("Rita", "en-US");
    let text = format!("<@{}> and <@&77> and @everyone", rita.id());
    let channel = ChannelId::new(double.home().id().get());
    let user = UserId::new(rita.id().get());
    let nobody = CreateAllowedMentions::new();
    for (allowed, count) in [
        (Some(nobody.clone()), 0),
        (Some(nobody.clone().users([user])), 1),
        (Some(nobody.clone().all_roles(true).everyone(true)), 2),
        (None, 3),
    ] {
        let before = double.pings().len();
        let mut message = CreateMessage::new().content(&text);
        if let Some(allowed) = allowed {
            message = message.allowed_mentions(allowed);
        }
        channel
            .send_message(&bot.http, message)
            .await
            .expect("posted");
        assert_eq!(double.pings().len() - before, count, "{:?}", double.pings());
    }
    assert!(
        double
            .pings()
            .iter()
            .any(|(_, ping)| *ping == Ping::Person(rita.id()))
    );
    rita.writes(&double.home(), "secret");
    let heard = bot.until("the person's message", |heard| match heard {
        Heard::Message(message) if message.author.id == user => Some(message),
        _ => None,
    });
    assert_eq!(
        heard.await.content,
        "",
        "a bot without the intent reads nothing"
    );
    double.verdict().expect("nothing was refused");
}

/// Goal: many people at once are each answered once, in time, in private.
/// Method: 64 click one button; the bot answers as they come, while others are still clicking.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_at_once() {
    let (double, _, mut bot) = start().await;
    let people: Vec<_> = (0..64)
        .map(|n| double.person(&format!("P{n}"), "en-US"))
        .collect();
    let channel = ChannelId::new(double.home().id().get());
    channel
        .send_message(&bot.http, question())
        .await
        .expect("posted");
    let post = double
        .home()
        .until_text("Rita asks.")
        .await
        .expect("the post");
    let clicks: Vec<_> = people
        .iter()
        .map(|one| one.clicks(&post, "Approve").expect("clicked"))
        .collect();
    let mut answering = tokio::task::JoinSet::new();
    for _ in &people {
        let asked = bot.asked().await.message_component().expect("a click");
        let http = bot.http.clone();
        answering.spawn(async move {
            let text = format!("Counted, {}.", asked.user.id);
            let answer = CreateInteractionResponse::Message(message(&text).ephemeral(true));
            asked
                .create_response(&http, answer)
                .await
                .expect("answered");
        });
    }
    answering.join_all().await;
    for (person, click) in people.iter().zip(clicks) {
        let answer = click.says().await.expect("an answer");
        assert_eq!(answer.text(), format!("Counted, {}.", person.id()));
        assert_eq!(answer.only_for, Some(person.id()));
    }
    double.verdict().expect("nothing was refused, or too late");
}

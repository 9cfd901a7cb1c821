//! Conversations drawn at random from `strangers/lore.rs`, which shares nothing with the parser.
//!
//! Each is put together from a language, a mail program, what its writer means and how it is sent, and
//! knows its answer by how it was made. What is drawn depends on a seed alone, so that a number names a
//! conversation for good.

mod lore;

use std::fmt::Write as _;

use crate::mail::{Answer, ENCODINGS, Encoding, Figures, answer, head, part, rules, why};
use lore::{ASKED, BELOW, LANDS, Land};

/// How many are drawn.
const CONVERSATIONS: u64 = 8_000;

/// Numbers that depend on a seed alone (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % sides as u64).expect("below a usize")
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// A mail program: how it quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    Gmail,
    Apple,
    Thunderbird,
    Terminal,
    Outlook,
    OutlookWeb,
    OutlookPhone,
    Yahoo,
    Proton,
    Zimbra,
    Samsung,
    Notes,
    Nothing,
}

const PROGRAMS: [Program; 13] = [
    Program::Gmail,
    Program::Apple,
    Program::Thunderbird,
    Program::Terminal,
    Program::Outlook,
    Program::OutlookWeb,
    Program::OutlookPhone,
    Program::Yahoo,
    Program::Proton,
    Program::Zimbra,
    Program::Samsung,
    Program::Notes,
    Program::Nothing,
];

/// What somebody meant to say.
struct Said {
    lines: Vec<String>,
    meant: Answer,
    /// A word that the product may not know: it may be unclear, but never be the opposite.
    maybe: bool,
}

fn cased(word: &str, dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => word.to_uppercase(),
        1 => word.to_lowercase(),
        _ => word.to_owned(),
    }
}

fn say(land: &Land, dice: &mut Dice) -> Said {
    let kind = if dice.once_in(3) { &LANDS[0] } else { land };
    let decides = |yes: bool, dice: &mut Dice| {
        let word = *dice.one(if yes { land.yes } else { land.no });
        let known = if yes {
            rules().approve_words
        } else {
            rules().disapprove_words
        };
        (cased(word, dice), !known.contains(&word.to_uppercase()))
    };
    let what = dice.below(10);
    if what == 0 {
        let line = (*dice.one(land.vague)).to_owned();
        // Some of them are words that the product lists as refusals.
        let refuses = rules().disapprove_words.contains(&line.to_uppercase());
        let meant = if refuses {
            Answer::Disapprove
        } else {
            Answer::Unclear
        };
        return Said {
            lines: vec![line],
            meant,
            maybe: false,
        };
    }
    if what == 1 {
        let mut lines: Vec<String> = vec!["I have a question first.".to_owned()];
        if dice.once_in(2) {
            lines.push(land.yes[0].to_owned());
        }
        return Said {
            lines,
            meant: Answer::Unclear,
            maybe: false,
        };
    }
    if what <= 4 {
        let (word, _) = decides(true, dice);
        let string = *dice.one(land.strings);
        let lines = match dice.below(4) {
            0 => vec![format!("{word}, {string}")],
            1 => vec![word, string.to_owned()],
            2 => vec![
                word,
                String::new(),
                (*dice.one(kind.kind)).to_owned(),
                string.to_owned(),
            ],
            _ => vec![format!("{word}."), String::new(), string.to_owned()],
        };
        return Said {
            lines,
            meant: Answer::Unclear,
            maybe: false,
        };
    }
    let yes = what <= 7;
    let (word, maybe) = decides(yes, dice);
    let ending = *dice.one(&["", "", "", ".", "!", " ", "\u{a0}", "。"]);
    let mut lines = vec![format!("{word}{ending}")];
    if dice.once_in(2) {
        lines.push(String::new());
        for _ in 0..=dice.below(2) {
            lines.push((*dice.one(kind.kind)).to_owned());
        }
    }
    if dice.once_in(3) {
        lines.extend([
            String::new(),
            (*dice.one(land.regards)).to_owned(),
            "Dana".to_owned(),
        ]);
    }
    let meant = if yes {
        Answer::Approve
    } else {
        Answer::Disapprove
    };
    Said {
        lines,
        meant,
        maybe,
    }
}

/// How the program introduces the quotation, and whether it marks its lines.
fn introduced(program: Program, land: &Land, dice: &mut Dice) -> (Vec<String>, bool) {
    let who = *dice.one(&[
        "Access Desk <desk@bot.test>",
        "\"Access Desk (R-42)\" <approvals+abc@bot.test>",
        "desk@bot.test",
        "Access Desk",
    ]);
    let full = if who.contains('<') {
        who
    } else {
        "<desk@bot.test>"
    };
    let wrote = dice
        .one(land.wrote)
        .replace("{who}", who)
        .replace("{full}", full);
    let labels = dice.one(land.labels);
    let block = |gap: &str| {
        vec![
            format!("{}:{gap}{who}", labels[0]),
            format!("{}:{gap}19 November 2026 16:12", labels[1]),
            format!("{}:{gap}Dana Whitfield <dana@client.test>", labels[2]),
            format!("{}:{gap}R-42: approve access to prod-db-1?", labels[3]),
            String::new(),
        ]
    };
    let under = |line: &str, block: Vec<String>| [vec![line.to_owned()], block].concat();
    match program {
        Program::Gmail | Program::Apple | Program::Thunderbird | Program::Terminal => {
            (wrote.lines().map(str::to_owned).collect(), true)
        }
        Program::Yahoo => (vec![format!("    {wrote}"), String::new()], false),
        Program::Proton => (vec![wrote, String::new()], true),
        Program::Outlook => (block(" "), false),
        Program::OutlookWeb | Program::OutlookPhone => (under(&"_".repeat(32), block(" ")), false),
        Program::Zimbra => (under("----- Original Message -----", block(" ")), false),
        Program::Samsung => (
            under("-------- Original message --------", block(" ")),
            false,
        ),
        Program::Notes => (block("        "), false),
        Program::Nothing => (Vec::new(), false),
    }
}

fn wrapped(line: &str) -> String {
    let mut all = String::new();
    let mut width = 0;
    for word in line.split_inclusive(' ') {
        let long = word.chars().count();
        if width + long > 76 {
            all.truncate(all.trim_end().len());
            all.push('\n');
            width = 0;
        }
        width += long;
        all.push_str(word);
    }
    all
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Paragraphs as the program writes them.
fn paragraphs(program: Program, lines: &[String]) -> String {
    let mut all = String::new();
    for line in lines {
        let text = escaped(line);
        let _ = match program {
            Program::Outlook => {
                let text = if text.is_empty() {
                    "&nbsp;"
                } else {
                    text.as_str()
                };
                writeln!(
                    all,
                    "<p class=MsoNormal><span lang=EN-GB>{text}<o:p></o:p></span></p>"
                )
            }
            Program::OutlookWeb | Program::OutlookPhone => {
                let text = if text.is_empty() {
                    "<br>"
                } else {
                    text.as_str()
                };
                write!(
                    all,
                    "<div class=\"elementToProof\" style=\"font-size: 12pt; color: \
                    rgb(0, 0, 0);\">{text}</div>"
                )
            }
            Program::Thunderbird if text.is_empty() => write!(all, "<p><br></p>"),
            Program::Thunderbird => write!(all, "<p>{text}</p>"),
            Program::Apple | Program::Notes => write!(all, "{text}<br>"),
            _ if text.is_empty() => write!(all, "<div><br></div>"),
            _ => write!(all, "<div>{text}</div>"),
        };
    }
    all
}

fn as_html(program: Program, said: &[String], below: &[String], quoted: &[String]) -> String {
    let said = paragraphs(program, said);
    let below = paragraphs(program, below);
    let asked = ASKED.iter().fold(String::new(), |mut all, line| {
        let _ = write!(all, "<p style=\"margin:0\">{line}</p>");
        all
    });
    let intro: Vec<String> = quoted.iter().map(|line| escaped(line)).collect();
    let wrote = intro.join(" ");
    let fields = intro.iter().filter_map(|line| line.split_once(':'));
    let block = fields.fold(String::new(), |mut all, (label, rest)| {
        let _ = write!(all, "<b>{label}:</b>{rest}<br>");
        all
    });
    match program {
        Program::Gmail => format!(
            "<div dir=\"ltr\">{said}</div>{below}<br><div class=\"gmail_quote gmail_quote_container\">\
             <div dir=\"ltr\" class=\"gmail_attr\">{wrote}<br></div><blockquote class=\"gmail_quote\" \
             style=\"margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204)\">{asked}\
             </blockquote></div>"
        ),
        Program::Apple => format!(
            "<html><head><meta http-equiv=\"content-type\" content=\"text/html; charset=utf-8\"></head>\
             <body style=\"overflow-wrap: break-word; line-break: after-white-space;\">{said}{below}\
             <div><br><blockquote type=\"cite\"><div>{wrote}</div><br \
             class=\"Apple-interchange-newline\"><div>{asked}</div></blockquote></div></body></html>"
        ),
        Program::Outlook => format!(
            "<html xmlns:o=\"urn:schemas-microsoft-com:office:office\"><head><style><!--\n\
             @font-face {{font-family:Calibri;}}\np.MsoNormal {{margin:0cm; font-size:11.0pt;}}\n\
             --></style><!--[if gte mso 9]><xml>APPROVE</xml><![endif]--></head>\
             <body lang=EN-GB link=\"#0563C1\"><div class=WordSection1>{said}{below}<div><div \
             style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'>\
             <p class=MsoNormal>{block}</p></div></div>{asked}</div></body></html>"
        ),
        Program::OutlookWeb => format!(
            "<html><head><style type=\"text/css\" style=\"display:none;\"> P {{margin-top:0;}} </style>\
             </head><body dir=\"ltr\">{said}{below}<div id=\"appendonsend\"></div><hr \
             style=\"display:inline-block;width:98%\" tabindex=\"-1\"><div id=\"divRplyFwdMsg\" \
             dir=\"ltr\"><font face=\"Calibri, sans-serif\">{block}</font></div>{asked}</body></html>"
        ),
        Program::OutlookPhone => format!(
            "<html><body>{said}<div id=\"ms-outlook-mobile-signature\">{below}</div>\
             <hr style=\"display:inline-block;width:98%\"><div id=\"divRplyFwdMsg\">{block}</div>{asked}\
             </body></html>"
        ),
        Program::Thunderbird => format!(
            "<!DOCTYPE html><html><body>{said}{below}<div class=\"moz-cite-prefix\">{wrote}<br></div>\
             <blockquote type=\"cite\" cite=\"mid:1@bot.test\">{asked}</blockquote></body></html>"
        ),
        Program::Yahoo => format!(
            "<html><body><div class=\"ydp1yahoo-style-wrap\" style=\"font-size:16px;\">{said}{below}\
             </div><div id=\"ydp2yahoo_quoted_1\" class=\"ydp2yahoo_quoted\"><div><div>{wrote}</div>\
             <div>{asked}</div></div></div></body></html>"
        ),
        Program::Proton => format!(
            "<div style=\"font-family: Arial;\">{said}{below}</div><div class=\"protonmail_quote\">\
             {wrote}<br><blockquote class=\"protonmail_quote\" type=\"cite\">{asked}</blockquote></div>"
        ),
        Program::Zimbra => format!(
            "<html><body><div>{said}{below}</div><hr id=\"zwchr\" data-marker=\"__DIVIDER__\">\
             <div data-marker=\"__HEADERS__\"><blockquote>{block}</blockquote></div><div><blockquote>\
             {asked}</blockquote></div></body></html>"
        ),
        Program::Samsung => format!(
            "<html><body>{said}<div id=\"composer_signature\">{below}</div><div><br></div><div \
             style=\"color:#000000\"><div>-------- Original message --------</div><div>{block}</div>\
             </div>{asked}</body></html>"
        ),
        Program::Notes => format!(
            "<font size=2 face=\"sans-serif\">{said}{below}</font><br><font size=1 color=#5f5f5f>{block}\
             </font><hr noshade><br>{asked}"
        ),
        Program::Terminal | Program::Nothing => format!("<html><body>{said}{below}</body></html>"),
    }
}

fn as_text(said: &[String], below: &[String], quoted: &(Vec<String>, bool), any: bool) -> String {
    let mut all = String::new();
    for line in said.iter().chain(below) {
        let _ = writeln!(all, "{line}");
    }
    if any {
        all.push('\n');
        for line in &quoted.0 {
            let _ = writeln!(all, "{}", wrapped(line));
        }
        for line in ASKED {
            let mark = match (quoted.1, line.is_empty()) {
                (true, true) => ">",
                (true, false) => "> ",
                (false, _) => "",
            };
            let _ = writeln!(all, "{mark}{line}");
        }
    }
    all
}

fn sent(program: Program, text: &str, html: &str, encoding: Encoding, dice: &mut Dice) -> String {
    let (plain, rich) = (part("plain", text, encoding), part("html", html, encoding));
    let both = format!(
        "Content-Type: multipart/alternative; boundary=\"=_a\"\n\n--=_a\n{plain}\n--=_a\n{rich}\n--=_a--\n"
    );
    let body = match dice.below(6) {
        _ if program == Program::Terminal => plain,
        0 => plain,
        1 => rich,
        2 => format!(
            "Content-Type: multipart/related; boundary=\"=_r\"; type=\"multipart/alternative\"\n\n--=_r\n\
             {both}\n--=_r\nContent-Type: image/png; name=\"image001.png\"\nContent-ID: <image001.png@1>\n\
             Content-Disposition: inline\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--=_r--\n"
        ),
        3 => format!(
            "Content-Type: multipart/mixed; boundary=\"=_m\"\n\n--=_m\n{both}\n--=_m\nContent-Type: \
             application/pdf; name=\"a.pdf\"\nContent-Disposition: attachment; filename=\"a.pdf\"\n\
             Content-Transfer-Encoding: base64\n\nJVBERi0=\n--=_m--\n"
        ),
        _ => both,
    };
    format!("{}{body}", head())
}

/// One of them: the mail, what it means, whether its words may be unknown, and what to look at.
struct Conversation {
    raw: String,
    meant: Answer,
    maybe: bool,
    shown: String,
}

fn conversation(number: u64) -> Conversation {
    let mut dice = Dice(number);
    let land = dice.one(LANDS);
    let program = *dice.one(&PROGRAMS);
    let mut said = say(land, &mut dice);
    let mut below = Vec::new();
    if dice.once_in(4) {
        below = vec![String::new(), (*dice.one(land.footers)).to_owned()];
    } else if dice.once_in(6) {
        below = dice.one(BELOW).lines().map(str::to_owned).collect();
    }
    let quoted = introduced(program, land, &mut dice);
    let any = program != Program::Nothing;
    if any && dice.once_in(12) {
        // Nothing written above what is quoted.
        said = Said {
            lines: vec![String::new()],
            meant: Answer::Unclear,
            maybe: false,
        };
    }
    let text = as_text(&said.lines, &below, &quoted, any);
    let html = as_html(program, &said.lines, &below, &quoted.0);
    let encoding = *dice.one(&ENCODINGS);
    let raw = sent(program, &text, &html, encoding, &mut dice);
    let shown = format!(
        "{number} {program:?} {encoding:?} {:?} below {below:?} quoted {:?}",
        said.lines, quoted.0
    );
    Conversation {
        raw,
        meant: said.meant,
        maybe: said.maybe,
        shown,
    }
}

/// Goal: replies that were thought up without the parser are read for what they say. Method: thousands of
/// conversations drawn from a seed; no false decision, and of those in the product's words at most one in
/// two hundred is not understood; the figures are printed.
#[test]
fn strangers() {
    let rules = rules();
    let mut figures = Figures::default();
    for number in 0..CONVERSATIONS {
        let one = conversation(number);
        let read = answer(&one.raw, &rules);
        if one.maybe && read == Answer::Unclear {
            continue;
        }
        let shown = || format!("{} {}", one.shown, why(&one.raw, &rules));
        figures.count(
            one.meant,
            read,
            &if read == one.meant {
                String::new()
            } else {
                shown()
            },
        );
    }
    figures.hold();
}

/// How a text can be there and not be seen.
const UNSEEN: &[&str] = &[
    "<div style=\"display:none\">{}</div>",
    "<div style=\"DISPLAY : None !important\">{}</div>",
    "<span style=\"visibility:hidden\">{}</span>",
    "<span style=\"visibility:collapse\">{}</span>",
    "<span style=\"font-size:0\">{}</span>",
    "<span style=\"font-size:0.1px\">{}</span>",
    "<span style=\"font:0/0 a\">{}</span>",
    "<span style=\"opacity:0\">{}</span>",
    "<span style=\"opacity:0.01\">{}</span>",
    "<span style=\"opacity:0%\">{}</span>",
    "<div style=\"max-height:0;overflow:hidden\">{}</div>",
    "<div style=\"height:0px;overflow:hidden\">{}</div>",
    "<div style=\"width:0;overflow:hidden\">{}</div>",
    "<div style=\"mso-hide:all\">{}</div>",
    "<div style=\"position:absolute;left:-9999px\">{}</div>",
    "<div style=\"position:absolute;top:-5000px\">{}</div>",
    "<div style=\"text-indent:-9999px\">{}</div>",
    "<div style=\"margin-left:-9999px\">{}</div>",
    "<div style=\"position:absolute;clip:rect(0,0,0,0)\">{}</div>",
    "<div style=\"clip-path:inset(100%)\">{}</div>",
    "<div style=\"transform:scale(0)\">{}</div>",
    "<div style=\"filter:opacity(0)\">{}</div>",
    "<div hidden>{}</div>",
    "<template>{}</template>",
    "<div style=\"color:#ffffff\">{}</div>",
    "<div style=\"color:white;background:white\">{}</div>",
    "<div style=\"background-color:#123456\"><span style=\"color:#123456\">{}</span></div>",
    "<div style=\"color:transparent\">{}</div>",
    "<div style=\"color:rgba(0,0,0,0)\">{}</div>",
    "<div style=\"color:#fefefe\">{}</div>",
    "<font color=\"white\">{}</font>",
    "<font color=\"#FFFFFF\">{}</font>",
    "<table bgcolor=\"#000000\"><tr><td><font color=\"#000000\">{}</font></td></tr></table>",
    "<table bgcolor=\"navy\"><tr><td style=\"color:#000080\">{}</td></tr></table>",
    "<div style=\"color:rgb(255,255,255)\">{}</div>",
    "<div style=\"color:hsl(0,0%,100%)\">{}</div>",
    "<style>.q{display:none}</style><div class=q>{}</div>",
    "<style>.q{color:#fff}</style><div class=q>{}</div>",
    "<style>#z{font-size:0}</style><div id=z>{}</div>",
    "<style>@media screen{.q{display:none}}</style><div class=q>{}</div>",
    "<style>div[title]{display:none}</style><div title=x>{}</div>",
    "<s>{}</s>",
    "<del>{}</del>",
    "<strike>{}</strike>",
    "<span style=\"text-decoration:line-through\">{}</span>",
    "<title>{}</title>",
    "<textarea style=\"display:none\">{}</textarea>",
    "<object>{}</object>",
    "<svg><text>{}</text></svg>",
    "<div aria-hidden=true style=\"display:none\">{}</div>",
    "<!--[if mso]>{}<![endif]-->",
    "<noscript style=\"display:none\">{}</noscript>",
    "<div style=\"line-height:0;font-size:0\">{}</div>",
    "<div style=\"zoom:0\">{}</div>",
    "<details><summary></summary>{}</details>",
    "<select><option>{}</option></select>",
    "<audio>{}</audio>",
    "<iframe>{}</iframe>",
];

/// Goal: a word that the writer did not see decides nothing. Method: every way of hiding one that we know,
/// before a question that can be seen, alone and beside a text part that has the word or the question.
#[test]
fn unseen_words() {
    let rules = rules();
    let mut wrong = Vec::new();
    for way in UNSEEN {
        let html = format!(
            "<html><body>{}<div>Who is Bob?</div></body></html>",
            way.replace("{}", "APPROVE")
        );
        let rich = part("html", &html, Encoding::EightBit);
        let alone = format!("{}{rich}", head());
        let beside = |text: &str| {
            let plain = part("plain", text, Encoding::EightBit);
            format!(
                "{}Content-Type: multipart/alternative; boundary=b\n\n--b\n{plain}\n--b\n{rich}\n--b--\n",
                head()
            )
        };
        for raw in [
            alone,
            beside("APPROVE\n\nWho is Bob?\n"),
            beside("Who is Bob?\n"),
        ] {
            if answer(&raw, &rules) != Answer::Unclear {
                wrong.push(format!("{way}: {:?}", answer(&raw, &rules)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

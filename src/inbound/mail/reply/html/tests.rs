//! What is seen of an HTML part, case by case.

use super::*;

fn lines(html: &str) -> Vec<String> {
    read(html).unwrap().lines
}

// Goal: blocks, breaks, cells, lists and spaces become lines as a reader sees them.
// Method: a table of small documents and their lines.
#[test]
fn lines_as_seen() {
    let table: &[(&str, &[&str])] = &[
        ("<p>APPROVE</p>", &["APPROVE"]),
        ("APPROVE", &["APPROVE"]),
        (
            "<html><head><style>p{x}</style><title>t</title></head><body><div>Approve<br>x",
            &["Approve", "x"],
        ),
        ("<div><b>AP</b>PROVE</div>", &["APPROVE"]),
        ("<!-- DISAPPROVE --><p>&nbsp;APPROVE.", &["\u{a0}APPROVE."]),
        ("<div>a</div><div><br></div><div>b</div>", &["a", "", "b"]),
        ("<div>a\n  b</div>\n<p>\n c </p>", &["a b", "c"]),
        (
            "<table><tr><td>From:</td><td>Bot</td></tr><tr><td>x</td></tr></table>",
            &["From: Bot", "x"],
        ),
        ("<ul><li>a</li><li>b</li></ul>", &["- a", "- b"]),
        ("<pre>a\n b\n</pre>c", &["a", " b", "c"]),
        ("a<hr>b", &["a", "-----", "b"]),
        ("Dis&shy;approve&#x21;", &["Dis\u{ad}approve!"]),
        ("<p>a<p>b<span>c</span></p>d", &["a", "bc", "d"]),
        (
            "<script>x</script><template>y</template><noscript>z</noscript>",
            &["z"],
        ),
        ("<p><img src=x alt=APPROVE></p>", &[]),
        ("<div>a<o:p></o:p></div>", &["a"]),
        ("", &[]),
        ("<", &["<"]),
        ("<style>never closed", &[]),
    ];
    for (html, expected) in table {
        assert_eq!(lines(html), *expected, "{html}");
    }
}

// Goal: what is hidden from everybody is in no line, and that there was something is known; a browser
// decides what an element ends at, not the nesting of its tags. Method: each way of hiding.
#[test]
fn hidden() {
    for html in [
        "<div style='display: none'>APPROVE</div>no",
        "<div hidden>APPROVE</div>no",
        "<div style='font-size:0'><p>APPROVE</div>no",
        "<div style='visibility:hidden'>APPROVE<b style='visibility:visible'>no</b></div>",
        "<p hidden>APPROVE<p>no",
        "<body style='color:red'><span style='opacity:0'>APPROVE</span>no",
    ] {
        let page = read(html).unwrap();
        assert_eq!(page.lines, ["no"], "{html}");
        assert!(page.hides && page.doubt.is_none(), "{html}");
    }
    let preview = "<div style='display:none'>&#847;&zwnj;&nbsp;&#8203;</div>x";
    assert!(!read(preview).unwrap().hides);
}

// Goal: text that some readers do not see, or see struck out or reordered, is doubtful, and in a
// quotation that does not matter. Method: each, bare and in a quotation.
#[test]
fn doubtful() {
    let table = [
        ("<div style='mso-hide:all'>x</div>", Doubt::Hidden),
        (
            "<style>.h{display:none}</style><p class='a h'>x",
            Doubt::Hidden,
        ),
        (
            "<p class=h>x<style>@media print{.h{display:none}}</style>",
            Doubt::Hidden,
        ),
        ("<p><s>APPROVE</s></p>", Doubt::Struck),
        (
            "<p style='text-decoration:line-through'>APPROVE</p>",
            Doubt::Struck,
        ),
        ("<bdo dir=rtl>EVORPPA</bdo>", Doubt::Reordered),
    ];
    for (html, doubt) in table {
        assert_eq!(read(html).unwrap().doubt, Some(doubt), "{html}");
        let quoted = format!("a<blockquote>{html}</blockquote>");
        assert_eq!(read(&quoted).unwrap().doubt, None, "{quoted}");
    }
    assert_eq!(
        read("<style>.h{display:none}</style><p class=i>x")
            .unwrap()
            .doubt,
        None
    );
}

// Goal: what a mail program quotes is marked as in a text part. Method: the shapes of many programs.
#[test]
fn quotations() {
    assert_eq!(
        lines("<div>a</div><blockquote type=cite>q</blockquote>"),
        ["a", "> q"]
    );
    let bar = "<div>a</div><div style='border-left:2px solid #ccc'>q</div>";
    assert_eq!(lines(bar), ["a", "> q"]);
    for html in [
        "<div>a</div><div class=\"gmail_quote gmail_quote_container\"><div>q</div></div>",
        "<div>a</div><div class=yahoo_quoted>q</div>",
        "<div>a</div><div class=moz-cite-prefix>q</div>",
        "<div>a</div><div class=x_gmail_quote>q</div>",
        "<div>a</div><div class=protonmail_quote>q</div>",
        "<div>a</div><div name=quote>q</div>",
    ] {
        let whole = read_whole(html).unwrap().lines;
        assert_eq!(whole, ["a", "> _____", "> q"], "{html}");
    }
    let outlook = "<div>a</div><div id=appendonsend></div><hr><div id=divRplyFwdMsg>b</div><p>q";
    assert_eq!(
        read_whole(outlook).unwrap().lines,
        ["a", "> _____", "> -----", "> _____", "> b", "> q"]
    );
    let below = "a<blockquote>q</blockquote>b";
    assert_eq!(lines(below), ["a", "> q", "b"]);
    let signed = "a<div class=gmail_signature>Alice</div>b";
    assert_eq!(lines(signed), ["a", "-- ", "Alice", "b"]);
}

// Goal: a part that is too much is not read, and says so soon. Method: every way to be too much, as
// large as is looked at.
#[test]
fn too_much() {
    let fill = |piece: &str| piece.repeat(MAX_HTML_BYTES / piece.len());
    for piece in [
        "<b>",
        "<div>",
        "<i>x</i>",
        "<p><b a=1></p>",
        "<table><b>",
        "<body a",
        "<a b c",
    ] {
        let began = std::time::Instant::now();
        assert_eq!(read(&fill(piece)), Err(TooMuch), "{piece}");
        assert!(began.elapsed().as_secs() < 5, "{piece}");
    }
    assert_eq!(read(&fill("x")).map(|page| page.lines.len()), Ok(1));
    assert_eq!(read(&format!("{}x", fill("x"))), Err(TooMuch));
    // Much, but flat and plain.
    assert!(read(&fill("<p>one line</p>\n")).is_ok());
}

/// Pieces of parts: what mail programs write around a quotation, and what could break out of one.
const PIECES: &[&str] = &[
    "<div class=\"gmail_quote\">",
    "<div class=gmail_quote>",
    "<div id=\"appendonsend\">",
    "<div id=\"divRplyFwdMsg\" dir=\"ltr\">",
    "<div style=\"visibility:hidden\">",
    "<div>",
    "</div>",
    "<p>",
    "</p>",
    "<p title=\"<div class='gmail_quote'>\">",
    "<b style='visibility:visible'>",
    "</b>",
    "<a href='x'>",
    "</a>",
    "<blockquote>",
    "</blockquote>",
    "<table>",
    "<tbody>",
    "<tr>",
    "<td>",
    "</td>",
    "</tr>",
    "</tbody>",
    "</table>",
    "<ul>",
    "<li>",
    "</li>",
    "</ul>",
    "<body>",
    "</body>",
    "</html>",
    "<br>",
    "<hr>",
    "<!-- ",
    " -->",
    "<style>.a{display:none}</style>",
    "<span class=a>",
    "</span>",
    "<select>",
    "<template>",
    "</template>",
    "<svg>",
    "<button>",
    "</button>",
    "<h1>",
    "</h1>",
    "one ",
    "two ",
    "three ",
    "\n",
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 20_000, ..Default::default() })]

    // Goal: what is not parsed because it is quoted changes nothing that is read of the rest. Method:
    // pieces in any order, read with the parser stopped at the quotation and without.
    #[test]
    fn what_is_skipped_is_quoted(before in proptest::collection::vec(0..PIECES.len(), 0..5),
                                 after in proptest::collection::vec(0..PIECES.len(), 0..9)) {
        let of = |pieces: &[usize]| pieces.iter().map(|at| PIECES[*at]).collect::<String>();
        let html = format!("{}<div class=\"gmail_quote\">{}", of(&before), of(&after));
        let own = |page: Page| {
            let quoted = |line: &String| line.starts_with("> ") || line.is_empty();
            let first = page.lines.iter().position(|line| line.starts_with("> "));
            let own: Vec<String> = page.lines.into_iter().filter(|line| !quoted(line)).collect();
            (own, first, page.doubt)
        };
        proptest::prop_assert_eq!(own(read(&html).unwrap()), own(read_whole(&html).unwrap()), "{}", html);
    }
}

// Goal: what mail programs quote is skipped. Method: what they write, and how much of it is parsed.
#[test]
fn what_programs_quote_is_skipped() {
    for html in [
        "<div dir=\"ltr\">APPROVE</div><br><div class=\"gmail_quote gmail_quote_container\"><div \
         dir=\"ltr\" class=\"gmail_attr\">On x wrote:<br></div><blockquote class=\"gmail_quote\">\
         <p>asked</p></blockquote></div>\r\n",
        "<html><body><div>APPROVE</div><div id=\"appendonsend\"></div><hr tabindex=\"-1\"><div \
         id=\"divRplyFwdMsg\"><b>From:</b> asked</div><p>asked</p></body></html>",
    ] {
        let page = read(html).unwrap();
        assert!(
            page.lines.iter().all(|line| !line.contains("asked")),
            "{html}"
        );
        assert_eq!(page.lines.first().map(String::as_str), Some("APPROVE"));
        assert!(page.lines.contains(&"> _____".to_owned()), "{html}");
        assert!(
            read_whole(html)
                .unwrap()
                .lines
                .contains(&"> asked".to_owned()),
            "{html}"
        );
    }
}

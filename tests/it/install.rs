//! What we hand to whoever installs us fits together: the unit, the example, and the steps of the README.

use std::collections::BTreeSet;
use std::fs;

use regex::Regex;

fn text(name: &str) -> String {
    let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What the unit says under a key; a key that is written twice is a mistake here.
fn of_unit<'u>(unit: &'u str, key: &str) -> Option<&'u str> {
    let prefix = format!("{key}=");
    let mut found = unit.lines().filter_map(|line| line.strip_prefix(&prefix));
    let value = found.next();
    assert_eq!(found.next(), None, "{key} twice");
    value
}

/// Every path of the example, those of its commented lines included.
fn paths(example: &str) -> BTreeSet<&str> {
    let path = Regex::new(r#""(/(?:etc|var)/[^"]*)""#).expect("regex");
    let found = path.captures_iter(example).filter_map(|it| it.get(1));
    found.map(|it| it.as_str()).collect()
}

/// Goal: unit, example and steps start together: each file that is read is there and readable, and what is
/// written may be written to.
/// Method: every path and secret of the example against the steps of the README and what the unit allows.
#[test]
fn unit_example_and_steps_fit_together() {
    let (unit, example) = (
        text("contrib/countersign.service"),
        text("bot.toml.example"),
    );
    let readme = text("README.md");
    let user = of_unit(&unit, "User").expect("a user");
    assert!(readme.contains("useradd --system"), "nobody makes the user");
    assert!(
        readme.contains(&format!("nologin {user}\n")),
        "of this name"
    );
    let program = of_unit(&unit, "ExecStart").expect("a program");
    let words: Vec<&str> = program.split(' ').collect();
    assert!(readme.contains(&format!("target/release/countersign {}\n", words[0])));
    assert_eq!(
        words[1..],
        ["--config", "/etc/countersign/bot.toml", "serve"]
    );
    let owned = format!("install -o {user} -g {user} -m 0600 ");
    let installs: Vec<&str> = readme.lines().filter(|it| it.starts_with(&owned)).collect();
    let is_installed = |path: &str| installs.iter().any(|line| line.ends_with(path));
    assert!(is_installed(" /etc/countersign/bot.toml"), "{installs:?}");
    let active = example.lines().filter(|line| !line.starts_with('#'));
    for line in active {
        assert!(
            !line.contains("env =") && !line.contains("credential ="),
            "the unit hands over neither: {line}"
        );
        for path in paths(line.split(" #").next().unwrap_or_default()) {
            assert!(is_installed(&format!(" {path}")), "no step makes {path}");
        }
    }
    // ProtectSystem=strict: what is not named here can only be read.
    assert_eq!(of_unit(&unit, "ProtectSystem"), Some("strict"));
    let state = of_unit(&unit, "StateDirectory").expect("a state directory");
    let logs = of_unit(&unit, "LogsDirectory").expect("a logs directory");
    let written = [format!("/var/lib/{state}"), format!("/var/log/{logs}/")];
    for path in paths(&example) {
        let is_written = path.starts_with("/var/");
        assert!(
            !is_written || written.iter().any(|there| path.starts_with(there)),
            "the unit may not write {path}"
        );
    }
}

/// Goal: the service can do no more than it needs.
/// Method: the settings that take rights away, by name.
#[test]
fn the_unit_gives_up_what_it_does_not_need() {
    let unit = text("contrib/countersign.service");
    for (key, value) in [
        ("UMask", "0077"),
        ("CapabilityBoundingSet", ""),
        ("NoNewPrivileges", "yes"),
        ("PrivateDevices", "yes"),
        ("PrivateTmp", "yes"),
        ("ProtectHome", "yes"),
        ("RestrictNamespaces", "yes"),
        ("RestrictSUIDSGID", "yes"),
    ] {
        assert_eq!(of_unit(&unit, key), Some(value), "{key}");
    }
}

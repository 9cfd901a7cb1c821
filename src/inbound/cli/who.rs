//! Who acts on the command line: the operating system user, whom the kernel has proven.

use jiff::tz::TimeZone;
use serde_json::json;

use super::Failure;
use crate::config::CommandLine;
use crate::inbound::Proof;
use crate::workflow::book::{Book, Person};
use crate::workflow::ids::PersonId;

/// The operating system user who runs the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OsUser {
    /// By number.
    pub uid: u32,
    /// By name; the number where it has none.
    pub name: String,
}

impl OsUser {
    /// Whose process this is, by the real uid.
    pub fn present() -> Self {
        let uid = nix::unistd::getuid();
        let user = nix::unistd::User::from_uid(uid).ok().flatten();
        Self {
            uid: uid.as_raw(),
            name: user.map_or_else(|| uid.to_string(), |user| user.name),
        }
    }

    /// That the kernel says so, as the record keeps it.
    pub fn proof(&self, method: &str) -> Proof {
        let host = nix::unistd::gethostname().unwrap_or_default();
        Proof {
            method: method.to_owned(),
            details: json!({
                "user": self.name,
                "uid": self.uid,
                "host": host.to_string_lossy(),
            }),
        }
    }
}

/// The person for whom this user acts, with the proof: `os-user` where they are that person, `operator`
/// where they speak for another. `named` is what `--as` says.
///
/// root is nobody special: who may speak for others stands in `[command_line] operators`.
pub fn person<'b>(
    book: &'b Book,
    user: &OsUser,
    named: Option<&str>,
    rules: &CommandLine,
) -> Result<(&'b Person, Proof), Failure> {
    let own = book
        .people
        .values()
        .find(|person| person.os_user.as_deref() == Some(user.name.as_str()));
    let person = match (named, own) {
        (None, Some(own)) => own,
        (None, None) => {
            return Err(Failure::Usage(format!(
                "no person has os_user = \"{}\" in the policies in force; mend: add it to your \
                 [[person]] and apply, or write --as PERSON as an operator",
                user.name
            )));
        }
        (Some(named), own) => {
            let is_own = own.is_some_and(|own| own.id.as_str() == named);
            if !is_own && !rules.operators.contains(&user.name) {
                return Err(Failure::Refused {
                    code: "not-an-operator".to_owned(),
                    rule: None,
                    sentence: format!("`{}` may not act as `{named}`.", user.name),
                    next: format!(
                        "To allow it, add \"{}\" to operators in [command_line] of bot.toml.",
                        user.name
                    ),
                });
            }
            book.person(&PersonId::new(named)).ok_or_else(|| {
                Failure::Usage(format!(
                    "there is no person `{named}` in the policies in force; mend: see `countersign \
                     policy show`"
                ))
            })?
        }
    };
    let is_own = own.is_some_and(|own| own.id == person.id);
    let method = if is_own { "os-user" } else { "operator" };
    Ok((person, user.proof(method)))
}

/// A person's zone; UTC where this machine does not know it (any more).
pub fn zone(person: &Person) -> TimeZone {
    TimeZone::get(&person.zone).unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> Book {
        let text = "[[person]]\nid = \"ann\"\nemail = \"ann@example.org\"\nos_user = \"ann1\"\n\
                    [[person]]\nid = \"ben\"\nemail = \"ben@example.org\"\n";
        crate::config::policies::read("p.toml", text)
            .expect("a book")
            .book
    }

    #[test]
    fn only_operators_speak_for_others_and_root_is_not_special() {
        // Goal: a user is the person whose os_user they are, and nobody else unless the operator said so.
        // Method: every pairing of user, --as and operators.
        let book = book();
        let plain = CommandLine::default();
        let operators = CommandLine {
            operators: ["root".to_owned()].into(),
        };
        let user = |uid, name: &str| OsUser {
            uid,
            name: name.to_owned(),
        };
        let who = |user: &OsUser, named, rules| {
            person(&book, user, named, rules).map(|(person, _)| person.id.to_string())
        };
        let (ann, root) = (user(1000, "ann1"), user(0, "root"));
        assert_eq!(who(&ann, None, &plain).expect("herself"), "ann");
        assert_eq!(who(&ann, Some("ann"), &plain).expect("herself"), "ann");
        assert_eq!(who(&root, Some("ben"), &operators).expect("listed"), "ben");
        let refused = who(&root, Some("ben"), &plain).expect_err("not listed");
        assert!(matches!(&refused, Failure::Refused { next, .. } if next.contains("operators")));
        assert!(matches!(
            who(&ann, Some("ben"), &operators),
            Err(Failure::Refused { .. })
        ));
        assert!(matches!(
            who(&root, None, &operators),
            Err(Failure::Usage(_))
        ));
        assert!(matches!(
            who(&root, Some("nobody"), &operators),
            Err(Failure::Usage(_))
        ));
        let (_, proof) = person(&book, &ann, None, &plain).expect("herself");
        let said = |proof: &Proof| (proof.method.clone(), proof.details["user"].clone());
        assert_eq!(said(&proof), ("os-user".to_owned(), json!("ann1")));
        let (_, proof) = person(&book, &root, Some("ben"), &operators).expect("listed");
        assert_eq!(said(&proof), ("operator".to_owned(), json!("root")));
    }
}

//! The words that decide, by language, as data.
//!
//! A language that the operator enables adds its words to the English ones. What a word means in one
//! language it must not contradict in another that is enabled: for that each language also names its
//! everyday words for yes and no, which decide nothing by themselves.

/// The language of our own words, where they stand in the program and not in a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tongue {
    /// English, and what is read wherever there is nothing better.
    English,
    /// Portuguese as it is written in Brazil.
    Portuguese,
}

impl Tongue {
    /// Its tag, as HTML names it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Portuguese => "pt-BR",
        }
    }
}

/// A language's words, upper case, with their accents.
#[derive(Debug)]
pub struct Locale {
    /// Its tag, as an operator writes it.
    pub tag: &'static str,
    /// Its English name.
    pub name: &'static str,
    /// Words that approve.
    pub approve: &'static [&'static str],
    /// Words that disapprove.
    pub disapprove: &'static [&'static str],
    /// Words that take an approval back, with what was granted by it (W31).
    pub revoke: &'static [&'static str],
    /// Words that people say for yes.
    pub yes: &'static [&'static str],
    /// Words that people say for no.
    pub no: &'static [&'static str],
}

/// Every language that is known.
pub const LOCALES: &[Locale] = &[
    Locale {
        tag: "en",
        name: "English",
        approve: &super::words::APPROVE,
        disapprove: &super::words::DISAPPROVE,
        revoke: &["REVOKE"],
        yes: &["YES", "OK", "AGREE", "AGREED", "ACCEPT", "ACCEPTED"],
        no: &["NO", "NOT", "DENY", "DENIED", "REFUSE", "REFUSED"],
    },
    Locale {
        tag: "pt-BR",
        name: "Brazilian Portuguese",
        approve: &[
            "APROVO",
            "APROVADO",
            "APROVADA",
            "APROVAR",
            "AUTORIZO",
            "AUTORIZADO",
        ],
        disapprove: &[
            "REPROVO",
            "REPROVADO",
            "REPROVADA",
            "REPROVAR",
            "RECUSO",
            "RECUSADO",
            "RECUSADA",
            "REJEITO",
            "REJEITADO",
            "REJEITADA",
            "NEGADO",
            "NEGADA",
        ],
        revoke: &["REVOGO", "REVOGAR", "REVOGADO"],
        yes: &["SIM"],
        no: &["NÃO"],
    },
    Locale {
        tag: "es",
        name: "Spanish",
        approve: &[
            "APRUEBO",
            "APROBADO",
            "APROBADA",
            "APROBAR",
            "AUTORIZO",
            "AUTORIZADO",
        ],
        disapprove: &[
            "RECHAZO",
            "RECHAZADO",
            "RECHAZADA",
            "RECHAZAR",
            "DESAPRUEBO",
            "DENEGADO",
            "DENEGADA",
        ],
        revoke: &["REVOCO", "REVOCAR", "REVOCADO"],
        yes: &["SÍ"],
        no: &["NO"],
    },
    Locale {
        tag: "fr",
        name: "French",
        approve: &[
            "APPROUVE",
            "APPROUVÉ",
            "APPROUVÉE",
            "APPROUVER",
            "ACCORDÉ",
            "ACCORDÉE",
        ],
        disapprove: &[
            "REFUSE",
            "REFUSÉ",
            "REFUSÉE",
            "REFUSER",
            "REJETÉ",
            "REJETÉE",
            "DÉSAPPROUVE",
            "DÉSAPPROUVÉ",
        ],
        revoke: &["RÉVOQUE", "RÉVOQUER", "RÉVOQUÉ"],
        yes: &["OUI"],
        no: &["NON"],
    },
    Locale {
        tag: "de",
        name: "German",
        approve: &[
            "GENEHMIGT",
            "GENEHMIGE",
            "GENEHMIGEN",
            "FREIGEGEBEN",
            "ZUGESTIMMT",
        ],
        disapprove: &["ABGELEHNT", "ABLEHNEN", "ABLEHNUNG", "ZURÜCKGEWIESEN"],
        revoke: &["WIDERRUFE", "WIDERRUFEN", "WIDERRUF"],
        yes: &["JA"],
        no: &["NEIN", "NICHT"],
    },
    Locale {
        tag: "it",
        name: "Italian",
        approve: &[
            "APPROVO",
            "APPROVATO",
            "APPROVATA",
            "APPROVARE",
            "AUTORIZZATO",
        ],
        disapprove: &[
            "RIFIUTO",
            "RIFIUTATO",
            "RIFIUTATA",
            "RESPINTO",
            "RESPINTA",
            "DISAPPROVO",
            "NEGATO",
        ],
        revoke: &["REVOCO", "REVOCARE", "REVOCATO"],
        yes: &["SÌ"],
        no: &["NO", "NON"],
    },
    Locale {
        tag: "nl",
        name: "Dutch",
        approve: &["GOEDGEKEURD", "GOEDKEUREN", "AKKOORD", "TOEGESTAAN"],
        disapprove: &[
            "AFGEKEURD",
            "AFKEUREN",
            "AFGEWEZEN",
            "AFWIJZEN",
            "GEWEIGERD",
        ],
        revoke: &["INTREKKEN", "INGETROKKEN", "HERROEP"],
        yes: &["JA"],
        no: &["NEE", "NIET"],
    },
    Locale {
        tag: "pl",
        name: "Polish",
        approve: &[
            "ZATWIERDZAM",
            "ZATWIERDZONO",
            "ZATWIERDZONE",
            "AKCEPTUJĘ",
            "ZGODA",
            "ZGADZAM",
        ],
        disapprove: &["ODRZUCAM", "ODRZUCONO", "ODRZUCONE", "ODMAWIAM", "ODMOWA"],
        revoke: &["COFAM", "ODWOŁUJĘ", "COFNIĘTO"],
        // Said for "yes" in conversation.
        yes: &["TAK", "NO"],
        no: &["NIE"],
    },
    Locale {
        tag: "sv",
        name: "Swedish",
        approve: &["GODKÄNN", "GODKÄND", "GODKÄNT", "GODKÄNNS", "GODKÄNNER"],
        disapprove: &[
            "AVSLÅ", "AVSLÅS", "AVSLAGEN", "AVSLAGET", "AVVISAS", "AVVISAD",
        ],
        revoke: &["ÅTERKALLA", "ÅTERKALLAR", "ÅTERKALLAS"],
        yes: &["JA"],
        no: &["NEJ", "INTE"],
    },
    Locale {
        tag: "tr",
        name: "Turkish",
        approve: &["ONAYLIYORUM", "ONAYLANDI", "ONAY"],
        disapprove: &["REDDEDİYORUM", "REDDEDİLDİ", "ONAYLAMIYORUM", "ONAYLANMADI"],
        revoke: &["İPTAL"],
        yes: &["EVET"],
        no: &["HAYIR"],
    },
    Locale {
        tag: "ja",
        name: "Japanese",
        approve: &["承認", "承認します", "承認しました", "承認する", "承認済み"],
        disapprove: &[
            "却下",
            "却下します",
            "却下しました",
            "却下する",
            "否認",
            "否認します",
            "不承認",
            "承認しません",
            "承認できません",
        ],
        revoke: &["取り消し", "取り消します", "取消", "撤回", "撤回します"],
        yes: &["はい"],
        no: &["いいえ"],
    },
    Locale {
        tag: "zh",
        name: "Chinese",
        approve: &["批准", "同意", "核准", "我批准", "我同意"],
        disapprove: &[
            "拒绝",
            "拒絕",
            "驳回",
            "駁回",
            "不批准",
            "不同意",
            "不核准",
            "我拒绝",
            "我拒絕",
        ],
        revoke: &["撤销", "撤銷", "撤回", "我撤回"],
        yes: &["是", "可以"],
        no: &["不", "否", "不可以"],
    },
];

impl Locale {
    /// The language of a tag, in any case; a region that makes no difference may follow.
    pub fn of(tag: &str) -> Option<&'static Self> {
        let same = |locale: &&Self| locale.tag.eq_ignore_ascii_case(tag);
        let language = tag.split(['-', '_']).next().unwrap_or(tag);
        LOCALES.iter().find(same).or_else(|| {
            LOCALES.iter().find(|locale| {
                let own = locale.tag.split('-').next().unwrap_or(locale.tag);
                own.eq_ignore_ascii_case(language)
            })
        })
    }

    /// Whether a word says yes here.
    pub fn affirms(&self, word: &str) -> bool {
        [self.approve, self.yes]
            .iter()
            .any(|list| lists(list, word))
    }

    /// Whether a word says no here.
    pub fn denies(&self, word: &str) -> bool {
        [self.disapprove, self.revoke, self.no]
            .iter()
            .any(|list| lists(list, word))
    }

    /// Whether a word is one of this language's.
    pub fn knows(&self, word: &str) -> bool {
        self.affirms(word) || self.denies(word)
    }
}

/// Whether a word is in a list; accents may be left out.
fn lists(list: &[&str], word: &str) -> bool {
    list.iter()
        .any(|own| *own == word || bare(own) == bare(word))
}

/// A word without its accents.
fn bare(word: &str) -> String {
    use unicode_normalization::UnicodeNormalization;

    word.nfd()
        .filter(|c| !matches!(c, '\u{300}'..='\u{36f}'))
        .nfc()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Goal: every word is a single one, upper case, and decides one thing in every language at once.
    // Method: all languages, each word of each against each.
    #[test]
    fn no_word_decides_two_things() {
        for locale in LOCALES {
            let all = [
                locale.approve,
                locale.disapprove,
                locale.revoke,
                locale.yes,
                locale.no,
            ];
            for word in all.concat() {
                assert!(word.chars().all(char::is_alphanumeric), "{word}");
                assert_eq!(word.to_uppercase(), word);
            }
            for word in locale.approve {
                let denied = LOCALES.iter().find(|other| other.denies(word));
                assert!(denied.is_none(), "{word}: {denied:?}");
            }
            for word in locale.disapprove.iter().chain(locale.revoke) {
                let affirmed = LOCALES.iter().find(|other| other.affirms(word));
                assert!(affirmed.is_none(), "{word}: {affirmed:?}");
            }
        }
    }

    // Goal: a tag finds its language, in any case and with a region. Method: a table.
    #[test]
    fn tags() {
        let table = [
            ("de", Some("de")),
            ("DE", Some("de")),
            ("pt-br", Some("pt-BR")),
            ("pt-PT", Some("pt-BR")),
            ("zh-Hant", Some("zh")),
            ("en_GB", Some("en")),
            ("xx", None),
            ("", None),
        ];
        for (tag, found) in table {
            assert_eq!(Locale::of(tag).map(|locale| locale.tag), found, "{tag}");
        }
    }
}

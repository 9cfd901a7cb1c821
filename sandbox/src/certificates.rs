//! An authority of the stack's own, the servers' certificates, and one that has expired.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::run;

/// An elliptic key: made in milliseconds.
const KEY: [&str; 5] = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
];
/// What a client demands of a server's certificate: no authority, and the names it is reached by.
const LEAF: &str = "basicConstraints=critical,CA:FALSE\n\
                    keyUsage=critical,digitalSignature\n\
                    extendedKeyUsage=serverAuth\n";
/// The names of the mail server.
const MAIL: &str = "subjectAltName=DNS:mail.example.test,DNS:localhost,IP:127.0.0.1\n";
/// The names of the double of Discord.
const DISCORD: &str = "subjectAltName=DNS:discord.com,DNS:gateway.discord.gg,DNS:localhost,\
                       IP:127.0.0.1\n";

/// The files, all PEM.
#[derive(Debug)]
pub struct Certificates {
    /// The authority that a client has to trust.
    pub authority: PathBuf,
    /// The server's certificate.
    pub server: PathBuf,
    /// Signed by the same authority, over a second after it was made.
    pub expired: PathBuf,
    /// Of the double of Discord.
    pub discord: PathBuf,
    /// The key of all of them.
    pub key: PathBuf,
}

impl Certificates {
    /// Where they are once they were made in this directory.
    pub fn in_directory(directory: &Path) -> Self {
        Self {
            authority: directory.join("ca.pem"),
            server: directory.join("server.pem"),
            expired: directory.join("expired.pem"),
            discord: directory.join("discord.pem"),
            key: directory.join("server.key"),
        }
    }
}

/// Makes them in this directory.
pub fn make(directory: &Path) -> anyhow::Result<Certificates> {
    std::fs::create_dir_all(directory)?;
    let openssl = |arguments: &[&str]| {
        run(Command::new("openssl")
            .current_dir(directory)
            .args(arguments))
    };
    std::fs::write(directory.join("mail.cnf"), format!("{LEAF}{MAIL}"))?;
    std::fs::write(directory.join("discord.cnf"), format!("{LEAF}{DISCORD}"))?;
    let ca = [
        "req",
        "-x509",
        "-days",
        "30",
        "-subj",
        "/CN=Countersign sandbox authority",
    ];
    let ca_is = ["-addext", "basicConstraints=critical,CA:TRUE"];
    let ca_may = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"];
    let ca_files = ["-keyout", "ca.key", "-out", "ca.pem"];
    openssl(&[&ca[..], &KEY, &ca_is, &ca_may, &ca_files].concat())?;
    let leaf = [
        "req",
        "-subj",
        "/CN=mail.example.test",
        "-keyout",
        "server.key",
        "-out",
        "server.csr",
    ];
    openssl(&[&leaf[..], &KEY].concat())?;
    for (file, serial, days, names) in [
        ("server.pem", "2", "30", "mail.cnf"),
        ("expired.pem", "3", "0", "mail.cnf"),
        ("discord.pem", "4", "30", "discord.cnf"),
    ] {
        let sign = [
            "x509",
            "-req",
            "-in",
            "server.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
        ];
        let how = [
            "-set_serial",
            serial,
            "-days",
            days,
            "-extfile",
            names,
            "-out",
            file,
        ];
        openssl(&[&sign[..], &how].concat())?;
    }
    Ok(Certificates::in_directory(directory))
}

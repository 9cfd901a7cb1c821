//! Postfix: a door for outsiders, and one for who logs in.
//!
//! Postfix has to be root. Where we are not, it runs in a user namespace of its own, in which it
//! is.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use nix::unistd::Uid;

use crate::certificates::Certificates;
use crate::process::{Process, run};
use crate::{DOMAIN, MAIL_HOST};

/// How a command becomes root of its own namespace: the ids come from /etc/subuid.
const NAMESPACE: [&str; 5] = ["unshare", "-U", "--map-root-user", "--map-auto", "--"];

/// Runs the master, and ends it when it is told to end. The master changes its user for a moment
/// while it starts, and the kernel then forgets that it was to hear of our death; this shell does
/// not. In a namespace only root of it may give the directories to Postfix's user.
const KEEPER: &str = "
    master=
    trap 'kill -TERM \"$master\" 2>/dev/null || exit' TERM
    chown postfix \"$1/data\" \"$1/log\" && postfix -c \"$1/etc\" check || exit
    /usr/lib/postfix/sbin/master -c \"$1/etc\" -s & master=$!
    wait \"$master\"
    wait \"$master\"
";

/// Where it listens, and what it asks.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// From outside; no login.
    pub smtp: u16,
    /// For who logs in.
    pub submission: u16,
    /// Dovecot's delivery.
    pub lmtp: u16,
    /// Dovecot's passwords.
    pub auth: u16,
}

/// Starts it in this directory.
pub async fn start(
    directory: &Path,
    certificates: &Certificates,
    ports: Ports,
) -> anyhow::Result<Process> {
    for part in ["etc", "queue", "data", "log"] {
        std::fs::create_dir_all(directory.join(part))?;
    }
    let etc = directory.join("etc");
    std::fs::write(etc.join("main.cf"), main_cf(directory, certificates, ports))?;
    std::fs::write(etc.join("master.cf"), master_cf(&etc, ports))?;
    std::fs::write(
        etc.join("outside_headers"),
        format!(
            "/^Authentication-Results:[[:space:]]*{}/ IGNORE\n",
            MAIL_HOST.replace('.', "\\.")
        ),
    )?;
    std::fs::write(
        etc.join("submission_headers"),
        format!(
            "if /^From:/\n!/@{}>?[[:space:]]*$/ REJECT only {DOMAIN} is sent from here\nendif\n",
            DOMAIN.replace('.', "\\.")
        ),
    )?;
    std::fs::write(
        etc.join("forwards"),
        format!(
            "/^gone-.*@{}$/ nobody@elsewhere.test\n",
            DOMAIN.replace('.', "\\.")
        ),
    )?;
    if !Uid::effective().is_root() {
        run(&mut prefixed(&NAMESPACE, &Command::new("true"))).context(
            "Postfix needs to be root, or a user namespace: install `uidmap`, give yourself a \
             line in /etc/subuid and /etc/subgid (`sudo usermod \
             --add-subuids 100000-165535 --add-subgids 100000-165535 $USER`), and allow namespaces \
             (`sysctl kernel.unprivileged_userns_clone=1`)",
        )?;
    }
    let mut inner = Command::new("setpriv");
    inner
        .args(["--pdeathsig", "TERM", "--", "sh", "-c", KEEPER, "sh"])
        .arg(directory);
    let mut outer = if Uid::effective().is_root() {
        inner
    } else {
        prefixed(&NAMESPACE, &inner)
    };
    outer
        .process_group(0)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .current_dir("/");
    let logs = vec![directory.join("output.log"), directory.join("log/mail.log")];
    let process = Process::spawn("postfix", outer, logs).await?;
    for port in [ports.smtp, ports.submission] {
        process.answers_at(port).await?;
    }
    Ok(process)
}

/// Removes what Postfix's user owns, which only root, or root of the namespace, can.
pub fn remove(directory: &Path) -> anyhow::Result<()> {
    let mut inner = Command::new("rm");
    inner.arg("-rf").arg(directory);
    run(&mut if Uid::effective().is_root() {
        inner
    } else {
        prefixed(&NAMESPACE, &inner)
    })
}

fn prefixed(before: &[&str], inner: &Command) -> Command {
    let mut words = before.iter();
    let mut command = Command::new(words.next().copied().unwrap_or("env"));
    command
        .args(words)
        .arg(inner.get_program())
        .args(inner.get_args());
    command
}

fn main_cf(directory: &Path, certificates: &Certificates, ports: Ports) -> String {
    let directory = directory.display();
    let (certificate, key) = (certificates.server.display(), certificates.key.display());
    let Ports { lmtp, auth, .. } = ports;
    format!(
        "compatibility_level = 3.6
queue_directory = {directory}/queue
data_directory = {directory}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
maillog_file = {directory}/log/mail.log
maillog_file_prefixes = {directory}/log
myhostname = {MAIL_HOST}
mydomain = {DOMAIN}
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = {DOMAIN}
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
recipient_delimiter = +
virtual_alias_maps = regexp:{directory}/etc/forwards
default_transport = error:5.1.1 no mail leaves the sandbox
relay_transport = error:5.1.1 no mail leaves the sandbox
local_transport = error:there is no local delivery
alias_maps =
local_recipient_maps =
disable_dns_lookups = yes
local_header_rewrite_clients =
smtpd_forbid_bare_newline = normalize
smtpd_forbid_bare_newline_exclusions =
smtpd_peername_lookup = no
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{auth}
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access inline:{{{{tempfail@{DOMAIN} = 450 4.2.1 \
         mailbox busy}}, {{permfail@{DOMAIN} = 550 5.1.1 no such user}}}}, \
         reject_unauth_destination, permit
smtp_tls_security_level = none
message_size_limit = 26214400
in_flow_delay = 0
default_process_limit = 300
proven = check_client_access static:{{PREPEND Authentication-Results: {MAIL_HOST}; dmarc=pass \
         header.from={DOMAIN}}}
"
    )
}

fn master_cf(etc: &Path, ports: Ports) -> String {
    let etc = etc.display();
    let Ports {
        smtp, submission, ..
    } = ports;
    format!(
        "127.0.0.1:{smtp} inet n - n - - smtpd
  -o cleanup_service_name=outside
127.0.0.1:{submission} inet n - n - - smtpd
  -o cleanup_service_name=inside
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
  -o smtpd_data_restrictions=$proven
outside unix n - n - 0 cleanup
  -o header_checks=regexp:{etc}/outside_headers
inside unix n - n - 0 cleanup
  -o header_checks=regexp:{etc}/submission_headers
cleanup unix n - n - 0 cleanup
pickup unix n - n 60 1 pickup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"
    )
}

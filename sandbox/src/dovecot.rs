//! Dovecot: everybody's mailbox, as Maildirs of an ordinary user.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::certificates::Certificates;
use crate::process::{Account, Process};
use crate::{DOMAIN, PASSWORD, oauth};

/// Who it runs as where we are root.
pub const USER: &str = "dovecot";

/// Where it listens.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// Delivery.
    pub lmtp: u16,
    /// Reading, TLS from the first byte.
    pub imaps: u16,
    /// Reading, STARTTLS offered.
    pub imap: u16,
    /// Postfix asks here whether a password is right.
    pub auth: u16,
}

/// Starts it in this directory; `mail/NAME` in it is the Maildir of NAME.
pub async fn start(
    directory: &Path,
    certificates: &Certificates,
    ports: Ports,
    durable: bool,
) -> anyhow::Result<Process> {
    let account = Account::of(USER)?;
    for part in ["", "run", "state", "mail"] {
        let path = directory.join(part);
        std::fs::create_dir_all(&path)?;
        account.give(&path)?;
    }
    account.give(&certificates.key)?;
    tokens(directory, &account)?;
    let file = directory.join("dovecot.conf");
    let text = configuration(directory, certificates, ports, &account) + fsync(durable);
    std::fs::write(&file, text).with_context(|| format!("write {}", file.display()))?;
    let mut command = account.command("/usr/sbin/dovecot");
    command.arg("-F").arg("-c").arg(&file);
    let logs = vec![directory.join("output.log"), directory.join("dovecot.log")];
    let process = Process::spawn("dovecot", command, logs).await?;
    for port in [ports.lmtp, ports.imaps, ports.imap, ports.auth] {
        process.answers_at(port).await?;
    }
    Ok(process)
}

/// Where the Maildir of this name is.
pub fn maildir(directory: &Path, name: &str) -> PathBuf {
    directory.join("mail").join(name.to_lowercase())
}

fn fsync(durable: bool) -> &'static str {
    if durable { "" } else { "mail_fsync = never\n" }
}

/// How access tokens are checked: here, by the key that [`crate::oauth`] signs them with.
fn tokens(directory: &Path, account: &Account) -> anyhow::Result<()> {
    let keys = directory.join("keys/default/HS256");
    std::fs::create_dir_all(&keys)?;
    let key = keys.join("default");
    std::fs::write(&key, data_encoding::BASE64.encode(oauth::KEY))?;
    let file = directory.join("oauth2.conf");
    let text = format!(
        "introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix={}/keys/\n\
         username_attribute = email\nusername_format = %n\n",
        directory.display()
    );
    std::fs::write(&file, text)?;
    for path in [&key, &file] {
        account.give(path)?;
    }
    Ok(())
}

/// One setting a line: Dovecot takes no closing brace on the line of a setting.
fn configuration(
    directory: &Path,
    certificates: &Certificates,
    ports: Ports,
    account: &Account,
) -> String {
    let directory = directory.display();
    let (user, group) = (&account.name, &account.group);
    let (certificate, key) = (certificates.server.display(), certificates.key.display());
    let (uid, gid) = (account.uid, account.gid);
    let Ports {
        lmtp,
        imaps,
        imap,
        auth,
    } = ports;
    format!(
        "protocols = imap lmtp
listen = 127.0.0.1
base_dir = {directory}/run
state_dir = {directory}/state
log_path = {directory}/dovecot.log
instance_name = countersign-sandbox
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
default_vsz_limit = 1 G
default_process_limit = 400
default_client_limit = 2000
first_valid_uid = 1
mail_location = maildir:{directory}/mail/%n
mail_privileged_group =
mail_max_userip_connections = 100
recipient_delimiter = +
lmtp_save_to_detail_mailbox = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_username_format = %Ln
auth_failure_delay = 0
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
ssl_min_protocol = TLSv1.2
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {directory}/oauth2.conf
}}
passdb {{
  driver = static
  mechanisms = plain login
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={directory}/mail/%n allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  mailbox Processed {{
    auto = create
  }}
}}
service imap-login {{
  chroot =
  service_count = 0
  process_min_avail = 1
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service auth {{
  inet_listener {{
    port = {auth}
  }}
}}
protocol lmtp {{
  postmaster_address = postmaster@{DOMAIN}
}}
"
    )
}

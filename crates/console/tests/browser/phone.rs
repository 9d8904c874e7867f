//! A telephone with an authenticator app: it scans what is on the screen, and shows codes. Both with the
//! programs of others, so that ours is not its own witness.

use std::fs;
use std::process::{Command, Stdio};

use ventanilla_service::Clock;

/// RFC 6238 with SHA-1, six digits, thirty seconds.
const APP: &str = "import base64, hmac, struct, sys
secret, now = sys.argv[1], int(sys.argv[2])
key = base64.b32decode(secret + '=' * (-len(secret) % 8))
mac = hmac.digest(key, struct.pack('>Q', now // 30), 'sha1')
at = mac[-1] & 15
print('%06d' % ((struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 1000000))";

#[derive(Debug)]
pub(crate) struct Phone {
    secret: String,
}

impl Phone {
    /// What the code on a picture of a page holds.
    pub(crate) fn scan(picture: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pantalla.png");
        fs::write(&file, picture).unwrap();
        let told = told(Command::new("zbarimg").args(["-q", "--raw"]).arg(&file));
        assert!(told.starts_with("otpauth://totp/"), "{told}");
        let (_, secret) = told.split_once("secret=").unwrap();
        Self { secret: secret.split('&').next().unwrap().trim().to_owned() }
    }

    /// The code it shows now.
    pub(crate) fn code(&self, clock: &Clock) -> String {
        let now = clock.now().as_second().to_string();
        told(Command::new("python3").args(["-c", APP, &self.secret, &now])).trim().to_owned()
    }
}

fn told(command: &mut Command) -> String {
    let output = command.stderr(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

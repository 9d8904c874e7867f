//! Where the keys of a backup come from: the secrets file, or a recovery kit and its code.

use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;
use ventanilla_service::{CodeError, KitError, RecoveryCode, RecoveryKit};

use crate::problem::{Problem, to_reason};

/// Where the code is read from, where nobody can be asked.
const VARIABLE: &str = "VENTANILLA_RECOVERY_CODE";
/// Bytes of a kit or a code's file at most.
const FILE_LEN_MAX: u64 = 16 << 10;

/// A recovery kit and its code.
#[derive(Debug, Args)]
pub(crate) struct KitArgs {
    #[arg(
        long,
        value_name = "ARCHIVO",
        help = "Kit de recuperación, donde no está el archivo de claves; el código se pide en la \
                terminal [VENTANILLA_RECOVERY_CODE]"
    )]
    kit: Option<PathBuf>,
    /// Archivo con el código de recuperación, para que no se pida
    #[arg(long, value_name = "ARCHIVO", requires = "kit")]
    code_file: Option<PathBuf>,
}

impl KitArgs {
    /// Refuses a kit where none is taken.
    pub(super) fn refuse(&self, sentence: &str) -> anyhow::Result<()> {
        if self.kit.is_some() { Err(Problem::usage(sentence)) } else { Ok(()) }
    }

    /// The keys of the kit as a secrets file has them; `None` where no kit is named.
    pub(crate) fn to_random(&self) -> anyhow::Result<Option<[u8; 64]>> {
        let Some(path) = &self.kit else { return Ok(None) };
        let shown = path.display();
        let kit = RecoveryKit::from_text(&read(path)?).map_err(|error| match error {
            KitError::OtherForm => Problem::usage(format!(
                "{shown}: lo hizo una versión posterior de Ventanilla; instale esa versión"
            )),
            KitError::NotAKit | KitError::WrongCode => {
                Problem::usage(format!("{shown}: no es un kit de recuperación"))
            }
        })?;
        let code = RecoveryCode::from_typed(&self.read_code()?).map_err(to_problem)?;
        kit.open(&code)
            .map(Some)
            .map_err(|_refusal| Problem::usage(format!("{shown}: el código no es el de este kit")))
    }

    fn read_code(&self) -> anyhow::Result<String> {
        if let Some(path) = &self.code_file {
            return read(path);
        }
        if let Some(code) = from_environment() {
            return Ok(code);
        }
        if !io::stdin().is_terminal() || File::open("/dev/tty").is_err() {
            return Err(Problem::usage(format!(
                "falta el código de recuperación: --code-file ARCHIVO o {VARIABLE}"
            )));
        }
        rpassword::prompt_password("Código de recuperación: ").map_err(|error| {
            Problem::usage(format!("no se pudo leer el código: {}", to_reason(&error)))
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "a secret is no argument, so clap does not read it")]
fn from_environment() -> Option<String> {
    std::env::var(VARIABLE).ok().filter(|code| !code.is_empty())
}

fn read(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let file = fs::metadata(path).and_then(|_| File::open(path));
    let read = file.and_then(|file| file.take(FILE_LEN_MAX).read_to_string(&mut text));
    read.map_err(|error| {
        let (path, reason) = (path.display(), to_reason(&error));
        Problem::usage(format!("{path}: no se pudo leer: {reason}"))
    })?;
    Ok(text)
}

fn to_problem(error: CodeError) -> anyhow::Error {
    Problem::usage(match error {
        CodeError::Symbol(char) => format!(
            "el código de recuperación no lleva «{}»: solo cifras y letras, sin I, L, O ni U",
            char.escape_default()
        ),
        CodeError::Length(len) => format!(
            "el código de recuperación tiene 28 cifras y letras, y este tiene {len}: revise que \
             esté entero"
        ),
        CodeError::Mistyped => {
            "el código de recuperación está mal copiado: alguna cifra o letra es otra; revíselo \
             grupo por grupo"
                .to_owned()
        }
    })
}

//! How a command ends: what the exit code tells, and the sentence beside it.

use std::fmt;
use std::io;
use std::process::ExitCode;

use ventanilla_domain::{Issuer, LimitError, LogoError, Policy, SettingError};
use ventanilla_service::{AdminRefusal, Failure};
use ventanilla_store::StoreError;

use crate::output;

/// How a command ended, in the numbers scripts read (README.md, "Put it to work").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// It did what it was asked.
    Done = 0,
    /// It did what it was asked, and found something wrong.
    FoundWrong = 1,
    /// It was asked what cannot be done: a bad flag, a bad setting, an unknown or taken name.
    Usage = 2,
    /// The store is out of reach, or another process serves it.
    Store = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::from(0),
            Exit::FoundWrong => Self::from(1),
            Exit::Usage => Self::from(2),
            Exit::Store => Self::from(3),
        }
    }
}

/// Why a command could not do what it was asked: a Spanish sentence, and the exit code.
#[derive(Debug)]
pub(crate) struct Problem {
    exit: Exit,
    sentence: String,
}

impl Problem {
    /// A bad flag, a bad setting, an unknown company.
    pub(crate) fn usage(sentence: impl Into<String>) -> anyhow::Error {
        Self { exit: Exit::Usage, sentence: sentence.into() }.into()
    }

    /// The store is out of reach, or another process serves it.
    pub(crate) fn store(sentence: impl Into<String>) -> anyhow::Error {
        Self { exit: Exit::Store, sentence: sentence.into() }.into()
    }

    /// Something in what was given is wrong.
    pub(crate) fn found(sentence: impl Into<String>) -> anyhow::Error {
        Self { exit: Exit::FoundWrong, sentence: sentence.into() }.into()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Problem {}

/// Tells a problem on standard error and turns the end of a command into the process's.
pub(crate) fn to_exit_code(ended: anyhow::Result<Exit>) -> ExitCode {
    let error = match ended {
        Ok(exit) => return exit.into(),
        Err(error) => error,
    };
    if let Some(problem) = error.downcast_ref::<Problem>() {
        output::tell(format_args!("ventanilla: {problem}"));
        return problem.exit.into();
    }
    tracing::error!(error = format!("{error:#}"), "a command ended unexpectedly");
    output::tell("ventanilla: error inesperado; la causa está en el registro");
    Exit::Store.into()
}

/// What kept a file or an address from being used, in Spanish; the system's own words stay inside.
pub(crate) fn to_reason(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "no existe",
        io::ErrorKind::PermissionDenied => "falta el permiso",
        io::ErrorKind::AlreadyExists => "ya existe",
        io::ErrorKind::AddrInUse => "la dirección está ocupada",
        io::ErrorKind::AddrNotAvailable => "la dirección no es de esta máquina",
        io::ErrorKind::StorageFull => "el disco está lleno",
        io::ErrorKind::ReadOnlyFilesystem => "el disco es de solo lectura",
        io::ErrorKind::DirectoryNotEmpty => "el directorio no está vacío",
        io::ErrorKind::ResourceBusy => "está en uso, o es un punto de montaje",
        io::ErrorKind::NotADirectory => "no es un directorio",
        io::ErrorKind::IsADirectory => "es un directorio",
        io::ErrorKind::InvalidData => "no es texto UTF-8",
        _ => "el sistema lo impide",
    }
}

/// Why the file of the books could not be used.
pub(crate) fn to_store_reason(error: &StoreError) -> &'static str {
    match error {
        StoreError::Full(_) => "el disco está lleno",
        StoreError::Busy(_) | StoreError::Again(_) => "otro proceso lo ocupa; vuelva a intentarlo",
        StoreError::Unreachable(_) => "no se llega a la base de datos, o no admite escrituras",
        StoreError::Io(_) => "no se puede leer o escribir: falta el permiso o falla el disco",
        StoreError::NeedsOwn | StoreError::Damaged { .. } => {
            "no se puede leer: está dañado o no es una base de datos de Ventanilla"
        }
    }
}

const fn to_limit_sentence(wrong: LimitError) -> &'static str {
    match wrong {
        LimitError::PaymentMax => {
            "el máximo por pago va de 0.01 a 1000000000000.00; none: sin límite"
        }
        LimitError::HeldMax => "el cupo va de 0.01 a 1000000000000.00; none: sin límite",
    }
}

/// A refused act of administration.
pub(crate) fn refused(refusal: &AdminRefusal) -> anyhow::Error {
    Problem::usage(to_sentence(refusal))
}

/// A failure, where a refusal becomes what `refused` makes of it.
pub(crate) fn from_failure<R>(
    failure: Failure<R>,
    refused: impl FnOnce(R) -> anyhow::Error,
) -> anyhow::Error {
    match failure {
        Failure::Refused(refusal) => refused(refusal),
        Failure::Unavailable => {
            Problem::store("el almacén no está disponible; nada cambió: vuelva a intentarlo")
        }
        Failure::Unknown => Problem::store(
            "no se sabe si el cambio quedó guardado: consulte antes de volver a intentarlo",
        ),
        Failure::Internal(id) => {
            Problem::store(format!("error interno {id}; la causa está en el registro"))
        }
    }
}

/// What is wrong with a file that is no logo.
fn to_logo_sentence(wrong: LogoError) -> String {
    match wrong {
        LogoError::Len { .. } => "el logotipo pesa más de 64 KiB (65.536 bytes)".to_owned(),
        LogoError::Kind => "el logotipo no es un archivo PNG ni JPEG".to_owned(),
        LogoError::Sides { width, height } => {
            format!("el logotipo mide {width} × {height} puntos, y cada lado va de 1 a 2.000")
        }
        LogoError::NotBaseline => {
            "el JPEG del logotipo es progresivo o de otro proceso: guárdelo como JPEG normal \
             (baseline) o PNG"
                .to_owned()
        }
        LogoError::Colours { components } => format!(
            "el JPEG del logotipo tiene {components} componentes, como los de imprenta (CMYK): \
             guárdelo en RGB o en grises"
        ),
        LogoError::Animated => {
            "el PNG del logotipo es una animación: guarde una imagen sola".to_owned()
        }
        LogoError::Trailing => {
            "el archivo del logotipo sigue tras el final de la imagen: guárdelo de nuevo".to_owned()
        }
        LogoError::Damaged => "la imagen del logotipo está dañada o cortada".to_owned(),
    }
}

fn to_sentence(refusal: &AdminRefusal) -> String {
    match refusal {
        AdminRefusal::CompanyExists => "ya hay una empresa con ese número".to_owned(),
        AdminRefusal::CompanyUnknown => "no hay ninguna empresa con ese número".to_owned(),
        AdminRefusal::Setting(SettingError::Key { key }) => {
            format!("no hay ningún ajuste «{key}»; los ajustes son: {}", to_settings_list())
        }
        AdminRefusal::Setting(SettingError::Value { key, form }) => {
            format!("el ajuste «{key}» toma {}", in_spanish(form))
        }
        AdminRefusal::Setting(SettingError::DayClosed) => {
            "un día cerrado no vuelve a abrirse: closed_through solo avanza".to_owned()
        }
        AdminRefusal::Logo(wrong) => to_logo_sentence(*wrong),
        AdminRefusal::DayNotOver => "un día que no terminó no se puede cerrar".to_owned(),
        AdminRefusal::CollectorExists => "ya hay un recaudador con ese nombre".to_owned(),
        AdminRefusal::TokenUnknown => "no hay ningún token vigente con ese id".to_owned(),
        AdminRefusal::CollectorUnknown => "no hay ningún recaudador con ese nombre".to_owned(),
        AdminRefusal::Limit(wrong) => to_limit_sentence(*wrong).to_owned(),
        AdminRefusal::PasswordEmpty => "la contraseña está vacía o solo tiene espacios".to_owned(),
        AdminRefusal::PasswordAmbiguous => {
            "32 dígitos hexadecimales no pueden ser una contraseña: se tomarían por su MD5"
                .to_owned()
        }
        AdminRefusal::PasswordShort => "la contraseña necesita 10 caracteres o más".to_owned(),
        AdminRefusal::SessionKey => {
            "la clave de una sesión son 32 dígitos hexadecimales".to_owned()
        }
        AdminRefusal::IntegratorExists => "ya hay un integrador con ese nombre".to_owned(),
        AdminRefusal::IntegratorUnknown => "no hay ningún integrador con ese nombre".to_owned(),
        AdminRefusal::UserExists => "ya hay un usuario con ese nombre".to_owned(),
        AdminRefusal::UserUnknown => "no hay ningún usuario con ese nombre".to_owned(),
        AdminRefusal::RightUnknown => "el usuario no tiene derechos en esa empresa".to_owned(),
        AdminRefusal::SessionUnknown => "no hay ninguna sesión abierta con ese id".to_owned(),
        AdminRefusal::OwnAccount => "eso lo hace otra persona, no uno mismo".to_owned(),
        AdminRefusal::UserElsewhere => "el usuario trabaja también para otras empresas".to_owned(),
        AdminRefusal::LastAdministrator => {
            "la empresa se quedaría sin ningún administrador".to_owned()
        }
    }
}

fn to_settings_list() -> String {
    let settings = Policy::SETTINGS.into_iter().chain(Issuer::SETTINGS);
    let settings = settings.map(|(key, form)| format!("{key}={form}"));
    in_spanish(&settings.collect::<Vec<_>>().join(", "))
}

/// The forms of settings with the letters that stand for something in Spanish.
fn in_spanish(form: &str) -> String {
    let words = [
        ("YYYY-MM-DD", "AAAA-MM-DD"),
        ("CONCEPT", "CONCEPTO"),
        ("ACCOUNT", "CUENTA"),
        ("TEXT up to", "TEXTO de hasta"),
        ("PORT", "PUERTO"),
        ("PATH", "RUTA"),
    ];
    words
        .into_iter()
        .fold(form.to_owned(), |form, (english, spanish)| form.replace(english, spanish))
}

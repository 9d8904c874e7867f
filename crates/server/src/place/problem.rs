//! What is wrong with a place, in Spanish.

use ventanilla_store::{OpenError, StoreError};

use super::{Home, Place};
use crate::problem::{Problem, to_reason, to_store_reason};

impl Place {
    /// That there is no secrets file.
    pub(super) fn to_missing_secrets(&self) -> anyhow::Error {
        let secrets = self.secrets.display();
        let way_out = match &self.home {
            Home::Directory(_) => "indique el suyo con --secrets",
            Home::Database(_) => {
                "lo hizo «ventanilla init», uno para todos los servidores de una base de datos: cópielo, o \
                 indíquelo con --secrets"
            }
        };
        Problem::usage(format!("{secrets}: no existe el archivo de claves; {way_out}"))
    }

    /// Why the store or its secrets could not be used, in Spanish; the causes stay in the log.
    pub(crate) fn to_problem(&self, error: &OpenError) -> anyhow::Error {
        tracing::debug!(error = error as &dyn std::error::Error, "the store could not be opened");
        let secrets = self.secrets.display();
        match error {
            OpenError::Missing(_) | OpenError::Exists(_) => self.to_presence(error),
            OpenError::Unreachable(_) | OpenError::ReadOnly | OpenError::Unsuitable(_) => {
                self.to_unusable(error)
            }
            OpenError::Held(path) => {
                Problem::store(format!("{path}: otro servidor ya atiende estos datos"))
            }
            OpenError::HeldByOlder(path) => Problem::store(format!(
                "{path}: los atiende un servidor de una versión anterior: deténgalo y vuelva a \
                 intentarlo"
            )),
            OpenError::OtherVersion { found, ours } => Problem::store(format!(
                "los datos son de otra versión de Ventanilla (esquema {found}, el de esta es {ours})"
            )),
            OpenError::Secrets(path) => Problem::usage(format!(
                "{path}: no es un archivo de claves; indique el de estos datos con --secrets"
            )),
            OpenError::ForeignKeys => Problem::usage(format!(
                "{secrets}: no es el archivo de claves de estos datos; {}",
                self.to_own_secrets()
            )),
            OpenError::SecretsExposed(path) => Problem::usage(format!(
                "{path}: otros usuarios pueden leer las claves; ciérrelo con: chmod 600 {path}"
            )),
            OpenError::NotDurable(what) => Problem::store(format!(
                "la base de datos no mantiene {what}: así se podrían perder pagos"
            )),
            OpenError::File { path, source } => {
                Problem::store(format!("{path}: no se pudo usar: {}", to_reason(source)))
            }
            OpenError::Store(error) => self.to_unread(error),
        }
    }

    /// Why what holds the books could not be read.
    pub(crate) fn to_unread(&self, error: &StoreError) -> anyhow::Error {
        let reason = match &self.home {
            Home::Directory(_) => to_store_reason(error),
            Home::Database(_) => to_database_reason(error),
        };
        Problem::store(format!("{}: {reason}", self.to_shown_books()))
    }

    fn to_own_secrets(&self) -> &'static str {
        match &self.home {
            Home::Directory(_) => "indique el suyo con --secrets",
            Home::Database(_) => {
                "todos sus servidores usan el mismo: copie el del primero, o indíquelo con --secrets"
            }
        }
    }

    /// That there is no store, or one where there should be none.
    fn to_presence(&self, error: &OpenError) -> anyhow::Error {
        let shown = self.to_shown();
        match (error, &self.home) {
            (OpenError::Exists(_), Home::Database(_)) => {
                Problem::usage(format!("{shown}: ya tiene una instalación; nada cambió"))
            }
            (OpenError::Exists(path), Home::Directory(_)) => {
                Problem::usage(format!("{path}: ya existe; nada cambió"))
            }
            (_, Home::Database(_)) => Problem::store(format!(
                "{shown}: no hay ninguna instalación; créela con «ventanilla init»"
            )),
            (_, Home::Directory(_)) => Problem::store(format!(
                "{shown}: no hay ninguna instalación; créela con «ventanilla init» o «ventanilla demo»"
            )),
        }
    }

    /// That there is a database, or should be one, which is no good.
    fn to_unusable(&self, error: &OpenError) -> anyhow::Error {
        let shown = self.to_shown();
        Problem::store(match error {
            OpenError::ReadOnly => format!(
                "{shown}: la base de datos no admite escrituras: es una réplica, o se está recuperando"
            ),
            OpenError::Unsuitable(why) => {
                format!("{shown}: la base de datos no se puede usar: {why}")
            }
            _ => format!(
                "{shown}: no se llega a la base de datos; ¿está en marcha, y son esos su host y su puerto?"
            ),
        })
    }
}

/// Why a database could not be used.
fn to_database_reason(error: &StoreError) -> &'static str {
    match error {
        StoreError::Full(_) => "el disco de la base de datos está lleno",
        StoreError::Busy(_) | StoreError::Again(_) => {
            "la base de datos está ocupada; vuelva a intentarlo"
        }
        StoreError::Unreachable(_) => "no se llega a la base de datos, o no admite escrituras",
        StoreError::Io(_) | StoreError::NeedsOwn | StoreError::Damaged { .. } => {
            "no se puede leer: está dañada o no es una base de datos de Ventanilla"
        }
    }
}

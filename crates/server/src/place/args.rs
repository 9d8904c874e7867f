//! Where the books are, as flags, the environment and `ventanilla.toml` say it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{DatabaseUrl, Home, Place};
use crate::config::FileConfig;
use crate::problem::Problem;

/// Where the books are, as the command line says it.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct StoreArgs {
    #[arg(help = "Directorio de los datos [VENTANILLA_DATA]", long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[arg(
        help = "Base de datos PostgreSQL, en vez del directorio: postgres://… [VENTANILLA_DATABASE]",
        long,
        value_name = "URL",
        conflicts_with = "data",
        value_parser = from_url
    )]
    database: Option<DatabaseUrl>,
    // Not for the command line: this is how the environment is read, apart from the flags, which go before it.
    #[arg(long, hide = true, env = "VENTANILLA_DATA")]
    environment_data: Option<OsString>,
    #[arg(long, hide = true, env = "VENTANILLA_DATABASE", value_parser = from_url)]
    environment_database: Option<DatabaseUrl>,
    /// Archivo de las claves; si falta, el directorio de los datos más «.secrets»
    #[arg(long, value_name = "ARCHIVO", env = "VENTANILLA_SECRETS")]
    pub(crate) secrets: Option<PathBuf>,
    /// Archivo de los puntos de control; si falta, el directorio de los datos más «.checkpoints»
    #[arg(long, hide = true, value_name = "ARCHIVO", env = "VENTANILLA_CHECKPOINTS")]
    pub(crate) checkpoints: Option<PathBuf>,
    /// Archivo de configuración; si falta, ./ventanilla.toml donde lo haya
    #[arg(long, value_name = "ARCHIVO", env = "VENTANILLA_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

/// Takes any text: what is wrong with a URL is told without it.
#[expect(clippy::unnecessary_wraps, reason = "clap takes what may fail")]
pub(crate) fn from_url(text: &str) -> Result<DatabaseUrl, String> {
    Ok(DatabaseUrl::from_text(text))
}

/// What one of those says that may say where the books are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Said<'a> {
    data: Option<&'a Path>,
    database: Option<&'a DatabaseUrl>,
    /// How it calls the two.
    names: [&'static str; 2],
}

impl Said<'_> {
    fn is_silent(&self) -> bool {
        self.data.is_none() && self.database.is_none()
    }

    fn says_as(&self, other: &Self) -> bool {
        self.data == other.data && self.database == other.database
    }

    /// Refuses both at once, and a URL that is none.
    fn to_home(self) -> anyhow::Result<Option<Home>> {
        let [data_name, database_name] = self.names;
        match (self.data, self.database) {
            (Some(_), Some(_)) => Err(Problem::usage(format!(
                "{data_name} y {database_name}: los datos están en un directorio o en una base de datos; \
                 indique uno de los dos"
            ))),
            (Some(data), None) => Ok(Some(Home::Directory(data.to_owned()))),
            (None, Some(url)) => Ok(Some(Home::Database(url.to_address(database_name)?))),
            (None, None) => Ok(None),
        }
    }
}

impl StoreArgs {
    /// Where the books are: what the flags say, else the environment, else the file.
    ///
    /// Refuses, of the first of them that says anything, a directory and a database at once, and a URL that is
    /// none; then that none says anything.
    pub(crate) fn to_place(&self, file: &FileConfig) -> anyhow::Result<Place> {
        let in_file = Said {
            data: file.data.as_deref(),
            database: file.database.as_ref(),
            names: ["data", "database (ventanilla.toml)"],
        };
        let said = [self.flags(), self.environment(), in_file];
        let said = said.into_iter().find(|said| !said.is_silent()).unwrap_or(in_file);
        let home = said.to_home()?.ok_or_else(|| {
            Problem::usage(
                "falta el directorio de los datos, o la base de datos: --data DIR o --database URL, \
                 VENTANILLA_DATA o VENTANILLA_DATABASE, o data o database en ventanilla.toml",
            )
        })?;
        // What the file says beside belongs to the file's books, not to those that a flag names.
        let is_same = in_file.is_silent() || said.says_as(&in_file);
        let or_file = |named: &Option<PathBuf>, of_file: &Option<PathBuf>| {
            named.clone().or_else(|| of_file.clone().filter(|_| is_same))
        };
        let secrets = or_file(&self.secrets, &file.secrets);
        Place::at(home, secrets, or_file(&self.checkpoints, &file.checkpoints))
    }

    /// What would name this directory.
    pub(crate) fn of_directory(data: &Path, secrets: Option<PathBuf>) -> Self {
        Self { data: Some(data.to_owned()), secrets, ..Self::default() }
    }

    fn flags(&self) -> Said<'_> {
        Said {
            data: self.data.as_deref(),
            database: self.database.as_ref(),
            names: ["--data", "--database"],
        }
    }

    /// An empty variable says nothing: it is how a container is told to forget the one that its image sets.
    fn environment(&self) -> Said<'_> {
        let data = self.environment_data.as_deref().map(Path::new);
        let database = self.environment_database.as_ref();
        Said {
            data: data.filter(|data| !data.as_os_str().is_empty()),
            database: database.filter(|url| !url.is_empty()),
            names: ["VENTANILLA_DATA", "VENTANILLA_DATABASE"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Option<PathBuf> {
        (!text.is_empty()).then(|| PathBuf::from(text))
    }

    fn url(text: &str) -> Option<DatabaseUrl> {
        (!text.is_empty()).then(|| DatabaseUrl::from_text(text))
    }

    const OURS: &str = "postgres://caja:s3cr3t@127.0.0.1/libros";
    const OTHER: &str = "postgres://caja@127.0.0.1/otros";

    /// Of flags, environment and file, each a directory and a database: the place, or why there is none.
    fn told(said: [[&str; 2]; 3]) -> Result<Place, String> {
        let [flags, environment, file] = said;
        let args = StoreArgs {
            data: path(flags[0]),
            database: url(flags[1]),
            environment_data: Some(environment[0].into()),
            environment_database: Some(DatabaseUrl::from_text(environment[1])),
            ..StoreArgs::default()
        };
        let file = FileConfig {
            data: path(file[0]),
            database: url(file[1]),
            secrets: Some("suyas".into()),
            ..FileConfig::default()
        };
        args.to_place(&file).map_err(|error| error.to_string())
    }

    #[test]
    fn a_flag_goes_before_the_environment_and_that_before_the_file() {
        const NO: [&str; 2] = ["", ""];
        for (said, home, secrets) in [
            ([["d", ""], ["", OURS], ["e", ""]], "d", "d.secrets"),
            ([["", OURS], ["d", ""], ["e", ""]], "libros", "ventanilla.secrets"),
            ([NO, ["", OURS], ["e", ""]], "libros", "ventanilla.secrets"),
            ([NO, ["d", ""], ["", OURS]], "d", "d.secrets"),
            ([NO, NO, ["", OURS]], "libros", "suyas"),
            ([["", OURS], NO, ["", OURS]], "libros", "suyas"),
            ([["", OTHER], NO, ["", OURS]], "otros", "ventanilla.secrets"),
            ([["d", ""], NO, ["d", ""]], "d", "suyas"),
            ([["d", ""], NO, NO], "d", "suyas"),
            // Whoever decides is asked alone.
            ([["d", ""], ["e", OURS], ["f", OURS]], "d", "d.secrets"),
        ] {
            let place = told(said).unwrap();
            assert!(place.to_shown().ends_with(home), "{said:?}: {place:?}");
            assert_eq!(place.secrets, Path::new(secrets), "{said:?}");
        }
    }

    #[test]
    fn both_at_one_level_and_neither_at_any_are_told() {
        const NO: [&str; 2] = ["", ""];
        for (said, sentence) in [
            ([["d", OURS], NO, NO], "--data y --database: "),
            ([NO, ["d", OURS], NO], "VENTANILLA_DATA y VENTANILLA_DATABASE: "),
            ([NO, NO, ["d", OURS]], "data y database (ventanilla.toml): "),
            ([NO, NO, NO], "falta el directorio de los datos, o la base de datos"),
        ] {
            let refused = told(said).unwrap_err();
            assert!(refused.starts_with(sentence), "{said:?}: {refused}");
            assert!(!refused.contains("s3cr3t"), "{refused}");
        }
    }
}

//! `demo`: the documents' examples and some thousand synthetic members, made and served.

mod books;
mod payables;

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use ventanilla_service::Settings;
use ventanilla_store::{OpenError, ServerLock};

use super::mirror::Wanted;
use super::serve::{self, Door};
use crate::books::Books;
use crate::log::{self, LogArgs};
use crate::output;
use crate::place::{Place, beside, books_file, is_empty};
use crate::problem::{Exit, Problem, to_reason};

/// The flags of `demo`. It reads neither the environment nor `ventanilla.toml`: what they name is
/// somebody's real installation.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Directorio de los datos de ejemplo: ./ventanilla-demo si falta
    #[arg(long, value_name = "DIR", default_value = "./ventanilla-demo")]
    data: PathBuf,
    /// Dirección de esta máquina donde escucha: 127.0.0.1:8080 si falta
    #[arg(long, value_name = "HOST:PORT", default_value = serve::LISTEN)]
    listen: String,
}

/// Makes the demo's data where there is none, and serves it.
pub(crate) fn run(args: &DemoArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    log::start(log, "info")?;
    let addresses = serve::to_addresses("--listen", &args.listen)?;
    if addresses.iter().any(|address| !address.ip().is_loopback()) {
        let listen = &args.listen;
        return Err(Problem::usage(format!(
            "--listen {listen}: las credenciales de la demostración son públicas, así que solo \
             escucha en esta máquina (127.0.0.1, localhost o ::1)"
        )));
    }
    let place = Place::in_directory(&args.data)?;
    // First of all: what is made for a door that does not open is made for nothing.
    let door = Door::open(&args.listen, &addresses)?;
    if is_empty(&args.data)? {
        output::tell(format_args!("Creando los datos de ejemplo en {} …", args.data.display()));
        create(&args.data, &place)?;
    } else {
        refuse_other_books(&args.data, &place)?;
    }
    let greet = |address| greet(&args.data, address);
    // A demonstration is tried without an application on a telephone (docs/decisions/0027).
    let settings = Settings { is_second_factor_asked: false, ..Settings::default() };
    serve::serve(&place, &Wanted::Kept, settings, || Ok(door), greet)
}

/// Makes the demo beside its place and moves it there whole, so that one cut off half-way is never
/// taken for a demo.
fn create(data: &Path, place: &Place) -> anyhow::Result<()> {
    let draft_data = beside(data, ".creando")?;
    let draft = Place::in_directory(&draft_data)?;
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error: io::Error| {
            let (path, reason) = (path.display(), to_reason(&error));
            Problem::store(format!("{path}: no se pudo crear: {reason}"))
        }
    };
    if let Some(parent) = data.parent() {
        fs::create_dir_all(parent).map_err(at(parent))?;
    }
    discard(&draft_data, &draft)?;
    let store = draft.create()?;
    {
        let _lock = ServerLock::take(&draft_data).map_err(|error| draft.to_problem(&error))?;
        books::fill(store, &draft)?;
    }
    // Checkpoints of a demo that is no more attest to nothing in this one.
    remove(&place.checkpoints).map_err(at(&place.checkpoints))?;
    // The secrets first: a directory that is in its place has them.
    fs::rename(&draft.secrets, &place.secrets).map_err(at(&place.secrets))?;
    fs::rename(&draft_data, data).map_err(at(data))
}

/// Removes what an earlier start left half-made, unless it is at it right now.
fn discard(data: &Path, draft: &Place) -> anyhow::Result<()> {
    let at = |error: io::Error| {
        let (path, reason) = (data.display(), to_reason(&error));
        Problem::store(format!("{path}: no se pudo borrar: {reason}"))
    };
    if data.is_dir() {
        let _lock = ServerLock::take(data).map_err(|error| draft.to_problem(&error))?;
        fs::remove_dir_all(data).map_err(at)?;
    }
    remove(&draft.secrets).map_err(at)
}

/// Removes a file that may not be there.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The demo's credentials are known to all: books that are not the demo's are not served by it, and
/// it greets with no credentials that its books do not have.
fn refuse_other_books(data: &Path, place: &Place) -> anyhow::Result<()> {
    let other = || {
        Problem::usage(format!(
            "{}: el directorio no está vacío y no es de una demostración; indique otro con --data",
            data.display()
        ))
    };
    // Without both there is no demo, and secrets that are not the demo's are nobody's concern here.
    if !books_file(data).is_file() || !place.secrets.is_file() {
        return Err(other());
    }
    let store = place.try_open().map_err(|error| match error {
        OpenError::Missing(_) | OpenError::Secrets(_) | OpenError::ForeignKeys => other(),
        error => place.to_problem(&error),
    })?;
    let books = Books::start(store, place)?;
    let collectors = books.service.collectors(None).map_err(|failure| books.unread(failure))?;
    let integrators = books.service.integrators().map_err(|failure| books.unread(failure))?;
    let users = books.service.users().map_err(|failure| books.unread(failure))?;
    books.close();
    let has_login = |login: &str| collectors.iter().any(|collector| collector.login == login);
    if !books::LOGINS.into_iter().all(has_login) {
        return Err(other());
    }
    let has_colppy = integrators.iter().any(|one| one.name.as_str() == payables::INTEGRATOR[0]);
    let has_user = |name: &str| users.iter().any(|user| user.name.as_str() == name);
    if !has_colppy || !books::USERS.iter().all(|(name, ..)| has_user(name)) {
        let what = if has_colppy { "los usuarios de la consola" } else { "las empresas de Colppy" };
        return Err(Problem::usage(format!(
            "{}: es la demostración de una versión anterior, sin {what}; borre el directorio, o \
             indique otro con --data",
            data.display()
        )));
    }
    Ok(())
}

/// Tells where the demo is, how to get in, and three lines to try.
fn greet(data: &Path, address: SocketAddr) -> anyhow::Result<()> {
    let data = data.display();
    output::print(format_args!(
        r#"
Demostración: empresa 13 «Cooplan», y las 98 y 576 de la API de Colppy, con sus datos en {data}
Credenciales de Cooplan (CodSeguridad / Login / Pwd):
  DEMO-COOPLAN / demo / demo-cooplan
  DEMO-BANCO / banco / demo-banco
Credenciales de Colppy (en http://{address}/lib/frontera2/service.php):
  desarrollador USUARIO_DESARROLLADOR / PASSWORD_DESARROLLADOR, usuario a / a
Consola: http://{address}/consola/ (en la demostración no pide segundo factor), usuario / contraseña:
  cajero / demo-cajero, supervisor / demo-supervisor, contador / demo-contador, admin / demo-admin
Para probar, en otra terminal:
  TOKEN=$(curl -s http://{address}/api/token -d CodSeguridad=DEMO-COOPLAN -d Login=demo -d Pwd=demo-cooplan | sed 's/.*"values":"\([^"]*\)".*/\1/')
  curl -s http://{address}/api/consultardeuda -H "Authorization: Bearer $TOKEN" -d Contrato=345
  curl -s http://{address}/api/realizarpago -H "Authorization: Bearer $TOKEN" -d IdFactura=4303567 -d Periodo=202110 -d Contrato=315 -d Monto=145.7 -d IdAsociado=12394
  curl -s http://{address}/colppy -d '{{"auth":{{"usuario":"USUARIO_DESARROLLADOR","password":"PASSWORD_DESARROLLADOR"}},"service":{{"provision":"Pago","operacion":"leer_pago"}},"parameters":{{"sesion":{{"usuario":"a","claveSesion":"2b5fd41968528bb933454bcd4f804080"}},"idPago":"928","idEmpresa":"98"}}}}'
Se detiene con Ctrl+C; los datos quedan."#
    ))
}

//! `collector rotate` and `token`, while the window is open.

use serde_json::{Value, json};

use crate::common::{Client, Credentials, Installation, Server, check, verify};

/// What somebody who asks with those credentials, or that client, is told.
fn log_in(server: &Server, credentials: &Credentials) -> String {
    Client::new(server.address()).post("token", &credentials.to_body()).code()
}

fn ask(client: &mut Client) -> String {
    let answer = client.post("consultardeuda", r#"{"Contrato":"1"}"#);
    assert!(answer.status == 401 || answer.status == 200, "{answer:?}");
    answer.code()
}

fn json_of(installation: &Installation, line: &str) -> Value {
    installation.run(&line.split(' ').collect::<Vec<_>>()).json()
}

/// Whether a text is an instant as it is shown.
fn is_instant(text: &Value) -> bool {
    let text = text.as_str().unwrap_or_default();
    let shape = |byte: u8| if byte.is_ascii_digit() { b'0' } else { byte };
    text.bytes().map(shape).eq(b"0000-00-00 00:00:00".iter().copied())
}

#[test]
fn a_secret_rotates_while_the_window_is_open() {
    let installation = Installation::with_company();
    let first = installation.collector("banco");
    let server = installation.serve();
    let mut client = server.client(&first);
    let rotated = json_of(&installation, "collector rotate --data datos --name banco --json");
    let keys: Vec<&String> = rotated.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["Login", "Pwd", "PwdAnteriorHasta"]);
    assert!(is_instant(&rotated["PwdAnteriorHasta"]) && rotated["Login"] == "banco", "{rotated}");
    let with = |rotated: &Value| {
        let password = rotated["Pwd"].as_str().unwrap().to_owned();
        assert!(password.len() >= 40, "160 bits");
        Credentials { password, ..first.clone() }
    };
    let second = with(&rotated);
    for credentials in [&first, &second] {
        assert_eq!(log_in(&server, credentials), "", "both are taken");
    }
    let line = "collector rotate --data datos --name banco --overlap 0 --json";
    let rotated = json_of(&installation, line);
    assert_eq!(rotated["PwdAnteriorHasta"], Value::Null);
    let third = with(&rotated);
    for (credentials, code) in
        [(&first, "CREDENCIALES_INVALIDAS"), (&second, "CREDENCIALES_INVALIDAS"), (&third, "")]
    {
        assert_eq!(log_in(&server, credentials), code);
    }
    assert_eq!(ask(&mut client), "SOCIO_NO_ENCONTRADO", "its token lives on");
    check(
        &installation,
        &[
            ("collector rotate --data datos --name nadie", 2, "no hay ningún recaudador"),
            ("collector rotate --data datos --name banco --overlap 91d", 2, "hasta 90d"),
            (
                "collector rotate --data datos --name banco --overlap 7d",
                0,
                "CodSeguridad y Login son los de siempre\nLogin: banco\nPwd: ",
            ),
            (
                "collector rotate --data datos --name banco --now",
                0,
                "El Pwd anterior y todos los tokens ya no valen.",
            ),
        ],
    );
    assert_eq!(ask(&mut client), "TOKEN_INVALIDO");
    assert_eq!(log_in(&server, &third), "CREDENCIALES_INVALIDAS");
    server.stop();
    verify(&installation, "datos");
}

#[test]
fn tokens_are_listed_and_end_while_the_window_is_open() {
    let installation = Installation::with_company();
    let (bank, till) = (installation.collector("banco"), installation.collector("caja"));
    let server = installation.serve();
    let mut clients = [&bank, &bank, &till].map(|credentials| server.client(credentials));
    let list =
        |more: &str| json_of(&installation, &format!("token list --data datos --json{more}"));
    let tokens = list("");
    let tokens = tokens.as_array().unwrap();
    let names: Vec<&Value> = tokens.iter().map(|token| &token["Recaudador"]).collect();
    assert_eq!(names, ["banco", "banco", "caja"]);
    for token in tokens {
        let keys: Vec<&String> = token.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["Emitido", "Empresa", "Id", "Recaudador", "Vence"]);
        assert!(is_instant(&token["Emitido"]) && is_instant(&token["Vence"]), "{token}");
        assert_eq!((token["Id"].as_str().unwrap().len(), &token["Empresa"]), (12, &json!(13)));
    }
    assert_eq!(list(" --company 13 --collector caja"), json!([tokens[2]]));
    let id = tokens[0]["Id"].as_str().unwrap();
    check(
        &installation,
        &[
            ("token list --data datos --company 9", 2, "no hay ninguna empresa 9"),
            ("token list --data datos --collector nadie", 2, "no hay ningún recaudador"),
            ("token list --data datos", 0, &format!("{id}\t13\tbanco\t20")),
            ("token revoke --data datos 000000000000", 2, "no hay ningún token vigente con ese id"),
            (&format!("token revoke --data datos {id}"), 0, "1 token terminado desde ahora"),
            (&format!("token revoke --data datos {id}"), 2, "no hay ningún token vigente"),
        ],
    );
    let told: Vec<String> = clients.iter_mut().map(ask).collect();
    let gone = told.iter().filter(|code| *code == "TOKEN_INVALIDO").count();
    assert_eq!((gone, told[2].as_str()), (1, "SOCIO_NO_ENCONTRADO"), "{told:?}");
    check(
        &installation,
        &[
            (
                "token revoke --data datos",
                2,
                "indique el id que muestra «token list», o --collector",
            ),
            ("token revoke --data datos --collector nadie", 2, "no hay ningún recaudador"),
            ("token revoke --data datos --collector caja", 0, "1 token terminado desde ahora"),
            ("token revoke --data datos --collector caja", 0, "0 tokens terminados desde ahora"),
        ],
    );
    assert_eq!(ask(&mut clients[2]), "TOKEN_INVALIDO");
    assert_eq!(list("").as_array().unwrap().len(), 1);
    let revoked = json_of(&installation, "token revoke --data datos --collector banco --json");
    assert_eq!(revoked.as_array().unwrap().len(), 1);
    assert_eq!(list(""), json!([]));
    assert_eq!(log_in(&server, &till), "", "the secret stays");
    server.stop();
    verify(&installation, "datos");
}

#[test]
fn a_collector_is_enabled_again_without_its_tokens() {
    let installation = Installation::with_company();
    let bank = installation.collector("banco");
    let server = installation.serve();
    let mut client = server.client(&bank);
    check(
        &installation,
        &[
            ("collector disable --data datos --name banco", 0, "«banco» inactivo desde ahora"),
            ("collector enable --data datos --name nadie", 2, "no hay ningún recaudador"),
        ],
    );
    assert_eq!(log_in(&server, &bank), "CREDENCIAL_INACTIVA");
    let enabled = json_of(&installation, "collector enable --data datos --name banco --json");
    assert_eq!(enabled["Activo"], true);
    assert_eq!(ask(&mut client), "TOKEN_INVALIDO");
    assert_eq!(log_in(&server, &bank), "");
    server.stop();
    verify(&installation, "datos");
}

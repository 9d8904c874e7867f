//! The texts of the way in.

use crate::language::texts;

texts! {
    EntryTexts {
        sign_in: "Ingresar" / "Sign in",
        name: "Usuario" / "User name",
        password: "Contraseña" / "Password",
        enter: "Ingresar" / "Sign in",
        over: "Su sesión terminó. Ingrese de nuevo: lo que escribió se conserva."
            / "Your session has ended. Sign in again: what you typed is kept.",
        wrong_credentials: "El usuario o la contraseña no coinciden." / "The user name or password do not match.",
        too_many: "Demasiados intentos fallidos: espere {} segundos." / "Too many failed tries: wait {} seconds.",
        missing_name: "Escriba su usuario." / "Type your user name.",
        missing_password: "Escriba su contraseña." / "Type your password.",
        go_on: "Siga donde estaba" / "Go on where you were",
        go_on_more: "Antes de que la sesión terminara había enviado un formulario. Todavía no se hizo nada con él."
            / "Before the session ended you had sent a form. Nothing was done with it yet.",
        go_on_button: "Enviarlo ahora" / "Send it now",
        go_on_drop: "Descartarlo" / "Drop it",
        go_on_field: "Dato" / "Field",
        go_on_value: "Valor" / "Value",
        go_on_secret: "Las contraseñas y los códigos no se conservan: escríbalos de nuevo."
            / "Passwords and codes are not kept: type them again.",
        companies: "Elija la empresa" / "Choose the company",
        no_companies: "Su usuario no tiene acceso a ninguna empresa. Pida a un administrador que se lo dé."
            / "Your user has no access to any company. Ask an administrator for it.",
        factor: "Segundo factor" / "Second factor",
        factor_kept: "Lo que envió se conserva: se le ofrecerá de nuevo después." / "What you sent is kept: it will be offered again afterwards.",
        factor_prove: "Esto necesita el código de su aplicación de autenticación. Vale durante 15 minutos."
            / "This needs the code of your authenticator app. It is good for 15 minutes.",
        factor_none: "Esto necesita un segundo factor, y su usuario todavía no tiene uno. Se configura en un minuto con una aplicación de autenticación en su teléfono."
            / "This needs a second factor, and your user has none yet. It takes a minute with an authenticator app on your phone.",
        factor_enrol: "Configurarlo ahora" / "Set it up now",
        factor_check: "Comprobar" / "Check",
        code: "Código" / "Code",
        code_hint: "Seis cifras, o uno de sus códigos de recuperación." / "Six digits, or one of your recovery codes.",
    }
}

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
        code_wrong: "El código no es correcto, o ya se usó." / "The code is wrong, or was used already.",
        too_many_codes: "Demasiados códigos: espere {} segundos." / "Too many codes: wait {} seconds.",
        factor_gone: "Su usuario ya no tiene un segundo factor: configure uno." / "Your user has no second factor any more: set one up.",
        factor_old: "Ese código QR ya no vale: escanee este." / "That QR code is no longer valid: scan this one.",
        enrol_scan: "Escanee esto con su aplicación de autenticación, y escriba el código que le muestre."
            / "Scan this with your authenticator app, and type the code that it shows.",
        enrol_type: "O escriba esta clave en la aplicación:" / "Or type this key into the app:",
        enrol_again: "Escriba el código que muestra ahora su aplicación." / "Type the code that your app shows now.",
        enrol_from_start: "Empezar de nuevo" / "Start over",
        recovery: "Códigos de recuperación" / "Recovery codes",
        recovery_more: "El segundo factor está activo. Guarde estos códigos: cada uno sirve una vez si pierde el teléfono. No se vuelven a mostrar."
            / "The second factor is active. Keep these codes: each works once if you lose the phone. They are not shown again.",
        recovery_done: "Los guardé" / "I kept them",
        print: "Imprimir" / "Print",
        welcome: "Bienvenida a Ventanilla" / "Welcome to Ventanilla",
        welcome_user: "La invitación es para {}. Elija su contraseña." / "The invitation is for {}. Choose your password.",
        welcome_first: "Usted será el primer administrador de esta instalación." / "You will be the first administrator of this installation.",
        invitation_over: "Esta invitación ya no vale" / "This invitation is no longer valid",
        invitation_over_more: "Ya se usó, o pasó su plazo. Pida otra a un administrador." / "It was used, or its time is over. Ask an administrator for another.",
        new_password: "Contraseña nueva" / "New password",
        repeat_password: "Repítala" / "Repeat it",
        password_hint: "Al menos 10 caracteres: una frase es buena." / "At least 10 characters: a sentence is good.",
        passwords_differ: "Las dos no son iguales." / "The two are not the same.",
        password_short: "Elija una de al menos 10 caracteres." / "Choose one of at least 10 characters.",
        password_ambiguous: "No puede ser de 32 cifras hexadecimales." / "It cannot be 32 hexadecimal digits.",
        name_wrong: "Escriba un nombre de 1 a 64 caracteres." / "Type a name of 1 to 64 characters.",
        name_taken: "Ese nombre ya está en uso." / "That name is taken.",
        begin: "Empezar" / "Begin",
        company: "Su empresa" / "Your company",
        company_id: "Número de empresa" / "Company number",
        company_id_hint: "El que usan los sistemas que la llaman; si no tiene, 1." / "The one that calling systems use; if there is none, 1.",
        company_name: "Nombre de la empresa" / "Company name",
        currency: "Moneda" / "Currency",
        time_zone: "Zona horaria" / "Time zone",
        time_zone_hint: "Por ejemplo America/La_Paz. La moneda y la zona no se cambian después."
            / "For example America/La_Paz. Currency and zone cannot be changed later.",
        company_id_wrong: "Escriba un número desde 1." / "Type a number from 1.",
        company_name_wrong: "Escriba el nombre de la empresa." / "Type the name of the company.",
        time_zone_wrong: "No hay una zona con ese nombre." / "There is no zone of that name.",
        account: "Mi cuenta" / "My account",
        present_password: "Contraseña actual" / "Present password",
        present_wrong: "No es su contraseña actual." / "This is not your present password.",
        change_password: "Cambiar la contraseña" / "Change the password",
        change_password_more: "Sus otras sesiones terminan." / "Your other sessions end.",
        factor_state: "Segundo factor" / "Second factor",
        factor_fresh: "Probado en esta sesión." / "Proven in this session.",
        factor_stale: "Activo. Se pide para lo delicado." / "Active. It is asked for delicate things.",
        factor_missing: "Todavía no tiene uno." / "You have none yet.",
        factor_not_asked: "Esta instalación no lo pide." / "This installation asks for none.",
        factor_replace: "Configurar otro" / "Set up another",
    }
}

//! Who may pay which bill: oldest first, the contract's state, the check of the payer.

use super::check;

#[tokio::test]
async fn any_bill_may_be_paid_where_the_oldest_is_not_first() {
    check(&[("pay 9004", ""), ("pay 9002", ""), ("pay 9001", ""), ("owes 900", "9003")]).await;
}

#[tokio::test]
async fn an_older_period_is_paid_first_and_of_one_period_any_bill() {
    check(&[
        ("set oldest_first=true", ""),
        ("pay 9102", "DEUDA_ANTERIOR_PENDIENTE"),
        ("pay 9101", ""),
        ("pay 9102", ""),
        ("pay 9004", "DEUDA_ANTERIOR_PENDIENTE"),
        ("pay 9003", "DEUDA_ANTERIOR_PENDIENTE"),
        ("pay 9002", "DEUDA_ANTERIOR_PENDIENTE"),
        ("pay 9001", ""),
        ("pay 9004", "DEUDA_ANTERIOR_PENDIENTE"),
        ("pay 9003", ""),
        ("pay 9004", "DEUDA_ANTERIOR_PENDIENTE"),
        ("pay 9002", ""),
        ("pay 9004", ""),
        ("owes 900", ""),
    ])
    .await;
}

#[tokio::test]
async fn only_what_is_owed_counts_as_older() {
    for (settled, owed_again) in [
        ("pay 9001", "reverse 9001"),
        ("bill 9001,900,202109,10.00,anulada", "bill 9001,900,202109,10.00,pendiente"),
        ("bill 9001,900,202109,10.00,pagada_fuera", "bill 9001,900,202109,10.00,pendiente"),
        ("bill 9001,900,202112,10.00", "bill 9001,900,202109,10.00"),
        ("bill 9009,900,202112,10.00,,9001", "bill 9009,900,202109,10.00"),
    ] {
        check(&[
            ("set oldest_first=true", ""),
            ("pay 9002", "DEUDA_ANTERIOR_PENDIENTE"),
            (settled, ""),
            ("pay 9002", ""),
            (owed_again, ""),
            ("pay 9003", "DEUDA_ANTERIOR_PENDIENTE"),
            (settled, ""),
            ("pay 9003", ""),
            ("pay 9004", ""),
        ])
        .await;
    }
}

#[tokio::test]
async fn another_contract_of_the_member_does_not_count() {
    check(&[
        ("set oldest_first=true", ""),
        ("bill 9012,901,202109,5.00", ""),
        ("owes 901", "9011 9012"),
        ("pay 9001", ""),
        ("pay 9012", "DEUDA_ANTERIOR_PENDIENTE"),
        ("pay 9011", ""),
        ("pay 9012", ""),
        ("pay 9004", "DEUDA_ANTERIOR_PENDIENTE"),
    ])
    .await;
}

#[tokio::test]
async fn oldest_first_binds_from_when_it_is_set_until_it_is_not() {
    check(&[
        ("pay 9003", ""),
        ("set oldest_first=true", ""),
        ("pay 9002", "DEUDA_ANTERIOR_PENDIENTE"),
        ("set oldest_first=false", ""),
        ("pay 9002", ""),
        ("set oldest_first=true", ""),
        ("pay 9001", ""),
        ("bill 9000,900,202108,3.00", ""),
        ("pay 9004", "DEUDA_ANTERIOR_PENDIENTE"),
        ("pay 9000", ""),
        ("pay 9004", ""),
    ])
    .await;
}

/// What is shown of a contract in a state with one unpaid bill, and whether that can be paid.
async fn check_state(state: &str, found: &str, owes: &str, paid: &str) {
    let member = format!("member 950,Luz Roca Gil,950,{state}");
    check(&[
        (&member, ""),
        ("bill 9501,950,202111,6.00", ""),
        ("find 950", found),
        ("owes 950", owes),
        ("pay 9501", paid),
    ])
    .await;
}

#[tokio::test]
async fn only_a_blocked_contract_refuses_to_be_paid() {
    check_state("activo", "1 9501", "9501", "").await;
    check_state("", "1 9501", "9501", "").await;
    check_state("cortado", "0 9501", "9501", "").await;
    check_state("baja", "0 9501", "9501", "").await;
    check_state("bloqueado", "0 9501", "CONTRATO_BLOQUEADO", "CONTRATO_BLOQUEADO").await;
}

#[tokio::test]
async fn what_was_paid_is_printed_and_reversed_whatever_the_contracts_state() {
    for state in ["activo", "cortado", "baja", "bloqueado"] {
        let is_blocked = state == "bloqueado";
        let refused = if is_blocked { "CONTRATO_BLOQUEADO" } else { "" };
        let owes = |bills| if is_blocked { "CONTRATO_BLOQUEADO" } else { bills };
        let member = format!("member 910,Hugo Paz Roca,910,{state}");
        let found = if state == "activo" { "1 9101" } else { "0 9101" };
        check(&[
            ("pay 9101", ""),
            (&member, ""),
            ("owes 910", owes("9102")),
            ("pay 9101", "FACTURA_YA_PAGADA"),
            ("print 9101", ""),
            ("reverse 9101", ""),
            ("print 9101", ""),
            ("find 910", found),
            ("owes 910", owes("9101 9102")),
            ("pay 9101", refused),
            ("day 2021-11-26", if is_blocked { "9101 / 9101" } else { "9101 9101 / 9101" }),
            ("member 910,Hugo Paz Roca,910,activo", ""),
            ("pay 9101", if is_blocked { "" } else { "FACTURA_YA_PAGADA" }),
        ])
        .await;
    }
}

#[tokio::test]
async fn the_payer_is_the_member_who_holds_the_contract() {
    const NO: &str = "ASOCIADO_NO_COINCIDE";
    check(&[
        ("pay 9004 by 999", ""),
        ("set check_payer=true", ""),
        ("pay 9001", NO),
        (r#"pay 9001 by """#, NO),
        (r#"pay 9001 by " ""#, NO),
        ("pay 9001 by 910", NO),
        ("pay 9001 by 9000", NO),
        ("pay 9001 by 90", NO),
        (r#"pay 9001 by "0900""#, NO),
        (r#"pay 9001 by "900a""#, NO),
        // A contract's code is no member.
        ("pay 9001 by 901", NO),
        ("pay 9011 by 901", NO),
        ("pay 9001 by 900", ""),
        (r#"pay 9002 by "900""#, ""),
        (r#"pay 9003 by " 900 ""#, ""),
        ("pay 9011 by 900", ""),
        ("pay 9101 by 900", NO),
        ("pay 9101 by 910", ""),
        ("set check_payer=false", ""),
        ("pay 9102", ""),
    ])
    .await;
}

#[tokio::test]
async fn a_member_whom_we_numbered_is_the_payer_by_the_id_that_is_shown() {
    check(&[
        ("set check_payer=true", ""),
        ("pay 9401", "ASOCIADO_NO_COINCIDE"),
        ("pay 9401 by 940", "ASOCIADO_NO_COINCIDE"),
        ("pay 9401 by shown", ""),
        ("pay 9011 by shown", ""),
    ])
    .await;
}

#[tokio::test]
async fn who_holds_the_contract_now_is_the_payer() {
    check(&[
        ("set check_payer=true", ""),
        ("pay 9101 by 910", ""),
        ("member 910,Eva Paz Roca,911,activo", ""),
        ("pay 9102 by 910", "ASOCIADO_NO_COINCIDE"),
        ("reverse 9101", ""),
        ("pay 9101 by 911", ""),
        ("pay 9102 by 911", ""),
    ])
    .await;
}

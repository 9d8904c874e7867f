//! Every kind of deed, with others in its way at each point of it.

use std::sync::atomic::Ordering;

use ventanilla_domain::{
    FileKind, Given, PayRefusal, Payment, PaymentId, ReverseCommand, Role, SupplierRow, Text,
};
use ventanilla_service::{Failure, PastPayment, ReverseRequest, Rotation};

use crate::world::{
    Desk, HOME, World, bills, by, company, credentials, import, name, new_collector, new_company,
    request, world,
};

/// What somebody does, which succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Pay,
    PayTwice,
    PayByToken,
    RepeatByToken,
    Reverse,
    ReverseByToken,
    PayReversePay,
    RecordPast,
    AddCompany,
    SetCompany,
    AddCollector,
    DisableCollector,
    RotateCollector,
    IssueToken,
    RevokeTokens,
    ImportMembers,
    ImportBills,
    Note,
    AddIntegrator,
    AddUser,
    LogIn,
    LogOut,
    KeepSupplier,
}

const DEEDS: [Deed; 23] = [
    Deed::Pay,
    Deed::PayTwice,
    Deed::PayByToken,
    Deed::RepeatByToken,
    Deed::Reverse,
    Deed::ReverseByToken,
    Deed::PayReversePay,
    Deed::RecordPast,
    Deed::AddCompany,
    Deed::SetCompany,
    Deed::AddCollector,
    Deed::DisableCollector,
    Deed::RotateCollector,
    Deed::IssueToken,
    Deed::RevokeTokens,
    Deed::ImportMembers,
    Deed::ImportBills,
    Deed::Note,
    Deed::AddIntegrator,
    Deed::AddUser,
    Deed::LogIn,
    Deed::LogOut,
    Deed::KeepSupplier,
];

impl Deed {
    fn needs_desk(self) -> bool {
        matches!(self, Self::LogIn | Self::LogOut | Self::KeepSupplier)
    }

    /// Whether what it reads is read once more where a connection is lost: an import checks each
    /// line once.
    fn reads_again(self) -> bool {
        !matches!(self, Self::ImportMembers | Self::ImportBills)
    }
}

impl World {
    async fn collect(&self, deed: Deed) {
        let reverse = |payment: &Payment| self.reversal(payment, "r");
        match deed {
            Deed::Pay => drop(self.pay(1, None).await.unwrap()),
            Deed::PayTwice => {
                self.pay(1, None).await.unwrap();
                let paid = self.pay(1, None).await;
                assert!(matches!(paid, Err(Failure::Refused(PayRefusal::BillPaid { .. }))));
            }
            Deed::PayByToken => {
                self.service.pay_by_token(&self.token, request(1, Some("k"))).await.unwrap();
            }
            Deed::RepeatByToken => {
                let request = request(9, Some("k9"));
                let (_, paid) = self.service.pay_by_token(&self.token, request).await.unwrap();
                assert_eq!((paid.is_replay, paid.act), (true, self.paid.clone()));
            }
            Deed::Reverse => {
                self.service.reverse(&self.bank, reverse(&self.paid)).await.unwrap();
            }
            Deed::ReverseByToken => {
                let ReverseCommand { bill, payment, caller_key, .. } = reverse(&self.paid);
                let request = ReverseRequest { bill, payment, reason: None, caller_key };
                self.service.reverse_by_token(&self.token, request).await.unwrap();
            }
            Deed::PayReversePay => {
                let paid = self.pay(1, Some("a")).await.unwrap();
                self.service.reverse(&self.bank, reverse(&paid.act)).await.unwrap();
                self.pay(1, Some("b")).await.unwrap();
            }
            _ => {
                let (command, id) = (self.command(1, None), PaymentId::from_i64(70).unwrap());
                let recorded_at = "2021-11-20T12:00:00Z".parse().unwrap();
                let reversed_at = "2021-11-20T13:00:00Z".parse().ok();
                let past = PastPayment { id, command, recorded_at, reversed_at };
                self.service.record_past_payment(company(), past).await.unwrap();
            }
        }
    }

    async fn administer(&self, deed: Deed) {
        let service = &self.service;
        match deed {
            Deed::AddCompany => drop(service.add_company(new_company(14)).await.unwrap()),
            Deed::SetCompany => {
                let settings = [("reversal_days", "3"), ("issuer.name", "Cooperativa")];
                let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned()));
                service.set_company(company(), settings.into()).await.unwrap();
            }
            Deed::AddCollector => {
                service.add_collector(new_collector("caja", None)).await.unwrap();
            }
            Deed::DisableCollector => {
                service.disable_collector(company(), "banco").await.unwrap();
            }
            Deed::RotateCollector => {
                let rotation = Rotation::Overlap { seconds: 60 };
                service.rotate_collector(company(), "banco", rotation).await.unwrap();
            }
            Deed::IssueToken => drop(service.issue_token(&credentials(), HOME).await.unwrap()),
            Deed::RevokeTokens => {
                service.revoke_tokens_of(company(), "banco").await.unwrap();
            }
            Deed::AddIntegrator => {
                let password = Some("clave".to_owned());
                service.add_integrator(name("ERP"), password).await.unwrap();
            }
            _ => {
                let role = Role::Reader;
                service.add_user(name("b"), "clave", company(), role).await.unwrap();
            }
        }
    }

    async fn keep_desk(&self, deed: Deed, Desk { caller, key }: &Desk) {
        match deed {
            Deed::LogIn => drop(self.service.log_in(&by("a"), HOME).await.unwrap()),
            Deed::LogOut => self.service.log_out("a", key).await.unwrap(),
            _ => {
                let row = SupplierRow {
                    id: None,
                    trade_name: Text::from_text("Librería").ok(),
                    legal_name: Text::from_text("Librería S.R.L.").ok(),
                    tax_id: Given::Absent,
                    is_active: None,
                    details: Vec::new(),
                };
                self.service.keep_supplier(caller, company(), row).await.unwrap();
            }
        }
    }

    async fn done(&self, deed: Deed, desk: Option<&Desk>) {
        match (deed, desk) {
            (_, Some(desk)) => self.keep_desk(deed, desk).await,
            (Deed::ImportMembers, _) => {
                // Those without an id get one in the transaction that keeps them.
                let text = "contrato,nombre\n100,Ana Maria Lopez\n300,Eva Paz\n400,Juan Paz\n";
                import(&self.service, FileKind::Members, text);
            }
            (Deed::ImportBills, _) => {
                let text = bills(&[1, 7, 9]) + "2,100,202110,20\n";
                import(&self.service, FileKind::Bills, &text);
            }
            (Deed::Note, _) => {
                self.service.note(self.act(1));
                self.service.flush_trail();
            }
            (_, None) if (deed as usize) < (Deed::AddCompany as usize) => {
                self.collect(deed).await;
            }
            (_, None) => self.administer(deed).await,
        }
    }
}

/// What is kept after a deed that fails at its n-th point, and whether it has one.
async fn kept_after(deed: Deed, nth: usize) -> (String, bool, u64) {
    let world = world(2).await;
    let desk = if deed.needs_desk() { Some(world.with_desk().await) } else { None };
    let count = world.fail_at(nth, deed.reads_again());
    world.done(deed, desk.as_ref()).await;
    let kept = world.kept();
    let has_failed = count.load(Ordering::SeqCst) > nth;
    (kept, has_failed, world.service.write_meters().writes_retried.get())
}

#[tokio::test]
async fn what_is_done_is_done_once_wherever_others_were_in_its_way() {
    for deed in DEEDS {
        let (expected, ..) = kept_after(deed, usize::MAX).await;
        let mut retried = 0;
        for nth in 0.. {
            let (kept, has_failed, again) = kept_after(deed, nth).await;
            assert_eq!(kept, expected, "{deed:?} at {nth}");
            if !has_failed {
                break;
            }
            retried += again;
        }
        // A split, a beginning and a commit at least, of what is written.
        assert!(retried >= 3, "{deed:?}: {retried}");
    }
}

//! What stood before: who headed a company's papers, and members and contracts as they were.

use ventanilla_domain::{
    CompanyId, Contract, ContractCode, ContractKey, ContractState, EntryNumber, Event, FileId,
    Issuer, Label, LocationCode, Logo, Member, MemberId, Name, Payment, PaymentId,
};

use sha2::{Digest as _, Sha256};

use crate::world::{World, each_store, id};

fn company() -> CompanyId {
    id(CompanyId::from_i64, 13)
}

/// The first version of an issuer that says all there is to say.
pub(crate) fn full_issuer() -> Issuer {
    let settings = [
        ("issuer.name", "Cooperativa de Aguas «El Salto» Ltda."),
        ("issuer.tax_id", "1023245028"),
        ("issuer.address", "Av. Ficticia 12"),
        ("issuer.municipality", "Cochabamba - Bolivia"),
        ("issuer.phone", "4-4260000"),
        ("issuer.activity", "Distribución de agua"),
        ("issuer.legend", "Ley N.° 453"),
        ("issuer.public_url", "https://pagos.ejemplo.bo/cooplan"),
    ];
    Issuer::default().with(settings).unwrap()
}

/// A grey JPEG of one dot, which no other number gives.
pub(crate) fn logo(number: u8) -> Logo {
    let frame = [0xff, 0xc0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0];
    let scan = [0xff, 0xda, 0, 2, number, 0xff, 0xd9];
    let content = [[0xff, 0xd8].as_slice(), &frame, &scan].concat();
    let sha256 = Sha256::digest(&content).into();
    Logo::from_content(content, sha256).unwrap()
}

fn logo_kept(logo: &Logo) -> Event {
    Event::LogoKept(Box::new(logo.clone()))
}

fn issuer_kept(issuer: &Issuer) -> Event {
    Event::IssuerKept(Box::new(issuer.clone()))
}

impl World {
    pub(crate) fn member(&self, member: i64) -> Member {
        let snapshot = self.store.snapshot().unwrap();
        snapshot.view().member(company(), id(MemberId::from_i64, member)).unwrap().unwrap()
    }

    fn contract(&self) -> Contract {
        let snapshot = self.store.snapshot().unwrap();
        snapshot.view().contract_of_key(company(), ContractKey::FIRST).unwrap().unwrap()
    }

    /// Changes a member, and gives the entry that did.
    pub(crate) fn change_member(
        &self,
        member: i64,
        change: impl FnOnce(Member) -> Member,
    ) -> EntryNumber {
        let entry = self.counters().next_entry;
        self.keep(Event::MemberKept(Box::new(change(self.member(member)))));
        entry
    }

    /// The same for the first contract.
    pub(crate) fn change_contract(&self, change: impl FnOnce(Contract) -> Contract) -> EntryNumber {
        let entry = self.counters().next_entry;
        self.keep(Event::ContractKept(Box::new(change(self.contract()))));
        entry
    }

    /// The first contract right after an entry, and who holds it, in one line.
    fn held_at(&self, entry: i64) -> String {
        let snapshot = self.store.snapshot().unwrap();
        let entry = id(EntryNumber::from_i64, entry);
        let holder = snapshot.view().holder_at(company(), ContractKey::FIRST, entry).unwrap();
        let (contract, member) = holder.map(|holder| (holder.contract, holder.member)).unwrap();
        let tax_id = member.tax_id.as_ref().map_or("-", Label::as_str);
        format!("{} {:?} {} {} {tax_id}", contract.code, contract.state, member.id, member.name)
    }

    fn issuer(&self, number: u32) -> Option<Issuer> {
        self.store.snapshot().unwrap().view().issuer(company(), number).unwrap()
    }

    fn logo(&self, logo: &Logo) -> Option<Logo> {
        self.store.snapshot().unwrap().view().logo(company(), logo.sha256()).unwrap()
    }

    /// Keeps a logo, and a version of the issuer in force that names it.
    pub(crate) fn head_papers_with(&self, logo: &Logo) {
        self.keep(logo_kept(logo));
        let before = self.issuer(self.company().issuer).unwrap_or_default();
        self.keep(issuer_kept(&before.with_logo(Some(*logo.sha256()))));
    }

    pub(crate) fn is_sound(&self) {
        assert_eq!(self.store.verify().unwrap().findings, Vec::<String>::new());
    }
}

fn name(text: &str) -> Name {
    Name::from_text(text).unwrap()
}

#[test]
fn an_issuer_is_kept_version_by_version_and_a_payment_names_the_one_in_force() {
    each_store(|world| {
        assert_eq!((world.company().issuer, world.issuer(0), world.issuer(1)), (0, None, None));
        let before = world.pay(1, None);
        let first = full_issuer();
        world.keep(issuer_kept(&first));
        let between = world.pay(2, None);
        let second = first.with([("issuer.phone", "none")]).unwrap();
        world.keep(issuer_kept(&second));
        assert_eq!(world.company().issuer, 2);
        assert_eq!(
            (world.issuer(1), world.issuer(2), world.issuer(3)),
            (Some(first), Some(second), None)
        );
        let snapshot = world.store.snapshot().unwrap();
        let named = |payment: &Payment| {
            snapshot.view().payment(&world.company(), payment.id).unwrap().unwrap().issuer
        };
        assert_eq!((named(&before), named(&between)), (0, 1));
        world.is_sound();
    });
}

#[test]
fn only_the_next_version_of_an_issuer_is_kept() {
    each_store(|world| {
        let first = full_issuer();
        for number in [0, 2, u32::MAX] {
            world.refuses(issuer_kept(&Issuer { number, ..first.clone() }));
        }
        world.keep(issuer_kept(&first));
        world.refuses(issuer_kept(&first));
        world.refuses(issuer_kept(&Issuer { number: 3, ..first.clone() }));
        world.keep(issuer_kept(&Issuer { number: 2, ..Issuer::default() }));
        world.is_sound();
    });
}

#[test]
fn a_logo_is_kept_once_and_versions_of_the_issuer_name_it() {
    each_store(|world| {
        let (first, second) = (logo(1), logo(2));
        let naming = |logo: &Logo| Issuer::default().with_logo(Some(*logo.sha256()));
        world.refuses(issuer_kept(&naming(&first)));
        assert_eq!(world.logo(&first), None);
        world.head_papers_with(&first);
        world.refuses(logo_kept(&first));
        world.refuses(issuer_kept(&Issuer { number: 2, ..naming(&second) }));
        world.head_papers_with(&second);
        world.keep(issuer_kept(&Issuer { number: 3, ..Issuer::default() }));
        world.keep(issuer_kept(&Issuer { number: 4, ..naming(&first) }));
        let named = [1, 2, 3, 4].map(|number| world.issuer(number).unwrap().logo);
        let [of_first, of_second] = [&first, &second].map(|logo| Some(*logo.sha256()));
        assert_eq!(named, [of_first, of_second, None, of_first]);
        assert_eq!((world.logo(&first), world.logo(&second)), (Some(first.clone()), Some(second)));
        let snapshot = world.store.snapshot().unwrap();
        let of_others = snapshot.view().logo(id(CompanyId::from_i64, 14), first.sha256());
        assert_eq!(of_others.unwrap(), None);
        world.is_sound();
    });
}

#[test]
fn the_company_of_a_transaction_has_the_issuer_it_just_kept() {
    each_store(|world| {
        let mut tx = world.store.begin().unwrap();
        assert_eq!(tx.company(company()).unwrap().unwrap().issuer, 0);
        tx.append(company(), issuer_kept(&full_issuer()), crate::world::instant()).unwrap();
        assert_eq!(tx.company(company()).unwrap().unwrap().issuer, 1);
        drop(tx);
        assert_eq!(world.company().issuer, 0);
    });
}

#[test]
fn a_contract_and_its_holder_are_told_as_they_stood_right_after_an_entry() {
    each_store(|world| {
        // Entries 3 and 4 made the member and the contract; each change is an entry.
        assert_eq!(world.counters().next_entry.to_i64(), 8);
        world.change_member(316, |member| Member { tax_id: Label::from_text("77").ok(), ..member });
        world.change_contract(|contract| Contract { state: ContractState::Cut, ..contract });
        let new = Member { id: id(MemberId::from_i64, 400), ..world.member(316) };
        world.keep(Event::MemberKept(Box::new(Member { name: name("Soria Vaca Ana"), ..new })));
        world.change_contract(|contract| Contract {
            member: id(MemberId::from_i64, 400),
            ..contract
        });
        world.change_contract(|contract| Contract {
            code: ContractCode::from_text("A-1").unwrap(),
            ..contract
        });
        world.change_member(400, |member| Member { name: name("Soria de Vaca Ana"), ..member });
        world.change_member(316, |member| Member { name: name("Otro"), ..member });
        for (entry, told) in [
            (7, "345 Active 316 Rivas La Fuente Valentin -"),
            (8, "345 Active 316 Rivas La Fuente Valentin 77"),
            (9, "345 Cut 316 Rivas La Fuente Valentin 77"),
            (10, "345 Cut 316 Rivas La Fuente Valentin 77"),
            (11, "345 Cut 400 Soria Vaca Ana 77"),
            (12, "A-1 Cut 400 Soria Vaca Ana 77"),
            (13, "A-1 Cut 400 Soria de Vaca Ana 77"),
            (14, "A-1 Cut 400 Soria de Vaca Ana 77"),
            (999, "A-1 Cut 400 Soria de Vaca Ana 77"),
            // What was made later is told as it was made.
            (1, "345 Active 316 Rivas La Fuente Valentin -"),
        ] {
            assert_eq!(world.held_at(entry), told, "right after entry {entry}");
        }
        let snapshot = world.store.snapshot().unwrap();
        let (unknown, entry) = (id(ContractKey::from_i64, 9), EntryNumber::FIRST);
        assert_eq!(snapshot.view().holder_at(company(), unknown, entry).unwrap(), None);
        let other = id(CompanyId::from_i64, 14);
        assert_eq!(snapshot.view().holder_at(other, ContractKey::FIRST, entry).unwrap(), None);
        world.is_sound();
    });
}

#[test]
fn every_fact_of_a_row_is_kept_as_it_was_and_saying_it_again_keeps_nothing() {
    type Change<T> = fn(T) -> T;
    let members: [Change<Member>; 8] = [
        |member| Member { name: name("Otro"), ..member },
        |member| Member { document_kind: None, ..member },
        |member| Member { document_number: Label::from_text("1").ok(), ..member },
        |member| Member { tax_id: Label::from_text("2").ok(), ..member },
        |member| Member { location: Some(id(LocationCode::from_i64, 3)), ..member },
        |member| Member { email: Name::from_text("a@ejemplo.bo").ok(), ..member },
        |member| Member { phone: None, ..member },
        |member| Member { is_assigned: true, ..member },
    ];
    let contracts: [Change<Contract>; 4] = [
        |contract| Contract { code: ContractCode::from_text("9").unwrap(), ..contract },
        |contract| Contract { state: ContractState::Ended, ..contract },
        |contract| Contract { address: None, ..contract },
        |contract| Contract { supply_point: Some(id(LocationCode::from_i64, 4)), ..contract },
    ];
    each_store(|world| {
        let holder = |entry| {
            let snapshot = world.store.snapshot().unwrap();
            snapshot.view().holder_at(company(), ContractKey::FIRST, entry).unwrap().unwrap()
        };
        let mut told = Vec::new();
        let mut remember = |entry| told.push((entry, world.member(316), world.contract()));
        for change in members {
            remember(world.change_member(316, |member| member));
            remember(world.change_member(316, change));
        }
        for change in contracts {
            remember(world.change_contract(|contract| contract));
            remember(world.change_contract(change));
        }
        for (entry, member, contract) in told {
            let at = holder(entry);
            assert_eq!((at.member, at.contract), (member, contract), "entry {entry}");
        }
        world.is_sound();
    });
}

#[test]
fn a_file_is_found_by_its_id_with_its_entry() {
    each_store(|world| {
        let snapshot = world.store.snapshot().unwrap();
        let file = snapshot.view().file(company(), FileId::FIRST).unwrap().unwrap();
        assert_eq!((file.file.name.as_str(), file.entry.to_i64()), ("facturas.csv", 2));
        assert_eq!(file, snapshot.view().files(company()).unwrap()[0]);
        let unknown = id(FileId::from_i64, 9);
        assert_eq!(snapshot.view().file(company(), unknown).unwrap(), None);
        assert_eq!(snapshot.view().file(id(CompanyId::from_i64, 14), FileId::FIRST).unwrap(), None);
    });
}

#[test]
fn a_logo_is_written_with_its_hash() {
    each_store(|world| {
        world.head_papers_with(&logo(7));
        let snapshot = world.store.snapshot().unwrap();
        let entries = snapshot.view().entries(&world.company(), 8, 10).unwrap();
        let written: Vec<_> = entries
            .iter()
            .map(|entry| (entry.written.kind.as_ref(), entry.written.payload.as_str()))
            .collect();
        assert_eq!(
            written,
            [
                (
                    "logo-kept",
                    r#"{"sha256":"9d0e4d78cd3d2781a50ebe8303ef56e9c8d946a099aa34751b936d6ce2c5b5d0","content":"ffd8ffc0000b080001000101011100ffda000207ffd9"}"#
                ),
                (
                    "issuer-kept",
                    r#"{"number":1,"logo":"9d0e4d78cd3d2781a50ebe8303ef56e9c8d946a099aa34751b936d6ce2c5b5d0"}"#
                ),
            ]
        );
        assert!(entries.iter().all(|entry| entry.postings.is_empty()));
    });
}

#[test]
fn what_is_written_keeps_its_form() {
    each_store(|world| {
        world.pay(1, None);
        world.keep(issuer_kept(&full_issuer()));
        world.keep(issuer_kept(&Issuer { number: 2, ..Issuer::default() }));
        let payment = world.pay(2, None);
        assert_eq!((payment.id, payment.issuer), (id(PaymentId::from_i64, 2), 2));
        let snapshot = world.store.snapshot().unwrap();
        let entries = snapshot.view().entries(&world.company(), 8, 10).unwrap();
        let written: Vec<_> = entries
            .iter()
            .map(|entry| (entry.written.kind.as_ref(), entry.written.payload.as_str()))
            .collect();
        assert_eq!(
            written,
            [
                (
                    "payment-made",
                    r#"{"id":1,"collector":1,"contract":1,"code":"345","name":"Rivas La Fuente Valentin","bill":1,"version":1,"period":202110,"minor":100,"at_us":1637943112000000,"day":"2021-11-26","cashier":"ana"}"#
                ),
                (
                    "issuer-kept",
                    r#"{"number":1,"name":"Cooperativa de Aguas «El Salto» Ltda.","tax_id":"1023245028","address":"Av. Ficticia 12","municipality":"Cochabamba - Bolivia","phone":"4-4260000","activity":"Distribución de agua","legend":"Ley N.° 453","public_url":"https://pagos.ejemplo.bo/cooplan"}"#
                ),
                ("issuer-kept", r#"{"number":2}"#),
                (
                    "payment-made",
                    r#"{"id":2,"collector":1,"contract":1,"code":"345","name":"Rivas La Fuente Valentin","bill":2,"version":1,"period":202110,"minor":200,"at_us":1637943112000000,"day":"2021-11-26","cashier":"ana","issuer":2}"#
                ),
            ]
        );
    });
}

//! Looking for members: the same is found in every store.

use ventanilla_domain::{
    CompanyId, Contract, ContractCode, ContractKey, ContractState, Event, Label, Member, MemberId,
    Name,
};
use ventanilla_store::FoundMembers;

use crate::world::{World, each_store, id, instant};

/// A member with contracts of those codes.
type Person = (&'static str, &'static str, &'static [&'static str]);

const PEOPLE: [Person; 8] = [
    ("Peña Núñez María", "1000001", &["100", "0100"]),
    ("Peña Roca Mario", "1000002", &["101"]),
    ("Penagos Roca Ana María", "1000003", &["A-12", "A-2"]),
    ("Rocabado Peña", "2000004", &["00345"]),
    ("D'Angelo Luz", "9.876.543-1B", &["200"]),
    ("Roca Roca", "3", &["3"]),
    ("Sin Contrato Peña", "4", &[]),
    ("Ñandú Peña Marisol", "5", &["77"]),
];

impl World {
    /// Adds members, numbered from 1,000 on, with their contracts.
    fn with_people(&self, people: impl IntoIterator<Item = (String, String, Vec<String>)>) {
        let company = id(CompanyId::from_i64, 13);
        let mut tx = self.store.begin().unwrap();
        let mut key = ContractKey::FIRST.checked_next().unwrap();
        for (number, (name, document, codes)) in (1_000..).zip(people) {
            let member = id(MemberId::from_i64, number);
            let event = Event::MemberKept(Box::new(Member {
                id: member,
                is_assigned: false,
                name: Name::from_text(&name).unwrap(),
                document_kind: None,
                document_number: Label::from_text(&document).ok(),
                tax_id: None,
                location: None,
                email: None,
                phone: None,
            }));
            tx.append(company, event, instant()).unwrap();
            for code in codes {
                let event = Event::ContractKept(Box::new(Contract {
                    key,
                    code: ContractCode::from_text(&code).unwrap(),
                    member,
                    state: ContractState::Active,
                    address: None,
                    supply_point: None,
                }));
                tx.append(company, event, instant()).unwrap();
                key = key.checked_next().unwrap();
            }
        }
        tx.commit().unwrap();
    }

    fn found(&self, text: &str) -> FoundMembers {
        let snapshot = self.store.snapshot().unwrap();
        snapshot.view().search(id(CompanyId::from_i64, 13), text).unwrap()
    }
}

fn owned((name, document, codes): Person) -> (String, String, Vec<String>) {
    (name.to_owned(), document.to_owned(), codes.iter().map(|code| (*code).to_owned()).collect())
}

fn codes(found: &FoundMembers) -> String {
    let codes = found.holders.iter().map(|holder| holder.contract.code.as_str());
    codes.collect::<Vec<_>>().join(" ")
}

#[test]
fn all_typed_words_are_a_members_each_whole_or_its_start() {
    each_store(|world| {
        world.with_people(PEOPLE.map(owned));
        for (text, expected) in [
            ("peña", "100 0100 101 00345 77 A-12 A-2"),
            ("PENA", "100 0100 101 00345 77 A-12 A-2"),
            ("maria", "100 0100 A-12 A-2"),
            ("mari", "100 0100 A-12 A-2 101 77"),
            ("maria peña", "100 0100 A-12 A-2"),
            ("peña maria", "100 0100 A-12 A-2"),
            ("roca mari", "101 A-12 A-2"),
            ("nandu", "77"),
            ("ÑANDÚ marisol p", "77"),
            ("angelo", "200"),
            ("d'angelo luz", "200"),
            ("roca roca", "101 A-12 A-2 3 00345"),
            ("98765431b", "200"),
            ("9.876.543", "200"),
            ("9876543", "200"),
            ("100000", "100 0100 101 A-12 A-2"),
            ("maria xyz", ""),
            ("contrato", ""),
            ("70000000", ""),
            (" ", ""),
            ("'; --", ""),
            ("%", ""),
        ] {
            let found = world.found(text);
            assert_eq!((codes(&found).as_str(), found.is_cut_off), (expected, false), "{text}");
        }
    });
}

#[test]
fn a_members_contracts_are_told_by_key() {
    each_store(|world| {
        world.with_people(PEOPLE.map(owned));
        let snapshot = world.store.snapshot().unwrap();
        for (member, len, expected) in [
            (1_000, 9, "100 0100"),
            (1_000, 1, "100"),
            (1_002, 9, "A-12 A-2"),
            (1_006, 9, ""),
            (9_999, 9, ""),
        ] {
            let (company, member) = (id(CompanyId::from_i64, 13), id(MemberId::from_i64, member));
            let found = snapshot.view().contracts_of(company, member, len).unwrap();
            let codes: Vec<_> = found.iter().map(|contract| contract.code.as_str()).collect();
            assert_eq!(codes.join(" "), expected, "{member:?}");
        }
    });
}

#[test]
fn a_number_is_a_code_a_bill_or_a_document() {
    each_store(|world| {
        world.with_people(PEOPLE.map(owned));
        for (text, expected) in [
            // Bill 1, codes that start so, then documents that do, whole or in parts.
            ("1", "345 100 101 0100 A-12 A-2 200"),
            // The code, then bill 3.
            ("3", "3 345"),
            ("100", "100 0100 101 A-12 A-2"),
            // Exactly that code first; without its zeros too.
            ("0100", "0100 100"),
            ("000101", "101"),
            ("0345", "345"),
            ("00345", "00345 345"),
            ("345", "345"),
            ("A-", "A-12 A-2 200"),
            ("A-1", "A-12 A-2 200"),
            ("a-1", "A-12 A-2 200"),
            ("4455667", "345"),
            ("2", "345 200 00345"),
            ("99999999999999999999999999999999", ""),
            ("-1", "100 0100 101 A-12 A-2 200"),
        ] {
            let found = world.found(text);
            assert_eq!((codes(&found).as_str(), found.is_cut_off), (expected, false), "{text}");
        }
    });
}

#[test]
fn a_code_is_found_without_the_zeros_that_it_begins_with() {
    each_store(|world| {
        world.with_people([("Cero Ana", "90", &["00088"][..])].map(owned));
        for (text, expected) in [("88", "00088"), ("088", "00088"), ("00088", "00088"), ("8", "")] {
            let found = world.found(text);
            assert_eq!((codes(&found).as_str(), found.is_cut_off), (expected, false), "{text}");
        }
    });
}

/// Codes from 5,000,000 on, documents with a 7 before them; every 30th is called Rara, the last alone Unica.
fn crowd(len: usize) -> impl Iterator<Item = (String, String, Vec<String>)> {
    (0..len).map(move |place| {
        let name = if place + 1 == len {
            "Gente Unica"
        } else if place % 30 == 29 {
            "Gente Rara"
        } else {
            "Gente Comun"
        };
        let number = (5_000_000 + place).to_string();
        (name.to_owned(), format!("7{number}"), vec![number])
    })
}

#[test]
fn what_is_left_off_is_told() {
    each_store(|world| {
        world.with_people(crowd(700));
        for (text, len, is_cut_off) in [
            ("gente", 20, true),
            ("rara", 20, true),
            ("gente rara", 20, true),
            ("gente unica", 1, false),
            ("unica gente", 1, false),
            ("5000", 20, true),
            ("500069", 10, false),
            ("75000699", 1, false),
            ("gente 7500069", 10, false),
        ] {
            let found = world.found(text);
            assert_eq!((found.holders.len(), found.is_cut_off), (len, is_cut_off), "{text}");
        }
        let rare: Vec<_> = (0..20).map(|place| (5_000_029 + place * 30).to_string()).collect();
        assert_eq!(codes(&world.found("rara gente")), rare.join(" "));
    });
}

#[test]
fn two_words_that_many_have_find_the_few_who_have_both() {
    each_store(|world| {
        let people = (0..11_000).map(|place| match place {
            10_997 => ("Zoe Alba", Some("900")),
            10_998 => ("Alba Rosa Zoe", Some("901")),
            10_999 => ("Alba Zoraida", Some("902")),
            _ if place % 2 == 0 => ("Alba", None),
            _ => ("Zoe", None),
        });
        world.with_people(people.map(|(name, code): (&str, Option<&str>)| {
            (name.to_owned(), String::new(), code.map(str::to_owned).into_iter().collect())
        }));
        for (text, expected, is_cut_off) in [
            ("alba zoe", "900 901", false),
            ("zoe alba", "900 901", false),
            ("alba zo", "900 901 902", false),
            ("alb zor", "902", false),
            ("zoe rosa alba", "901", false),
            // More have it than are looked at, and none of those has a contract.
            ("zoe", "", true),
        ] {
            let found = world.found(text);
            assert_eq!(
                (codes(&found).as_str(), found.is_cut_off),
                (expected, is_cut_off),
                "{text}"
            );
        }
    });
}

#[test]
fn the_work_is_bounded_where_many_have_every_word() {
    // Words six and seven of a name are in no pair, and both are common.
    each_store(|world| {
        let people = (0..11_000).map(|place| {
            let (last, codes) = match place {
                10_999 => ("x w", vec!["900".to_owned()]),
                _ if place % 2 == 0 => ("x", vec![]),
                _ => ("w", vec![]),
            };
            (format!("a b c d e {last}"), String::new(), codes)
        });
        world.with_people(people);
        let found = world.found("x w");
        assert_eq!((found.holders.len(), found.is_cut_off), (0, true));
        assert_eq!(codes(&world.found("900")), "900");
    });
}

#[test]
fn a_contract_is_found_under_its_holder_of_now() {
    each_store(|world| {
        world.with_people(PEOPLE.map(owned));
        let heir = id(MemberId::from_i64, 1_005);
        world.change_contract(|contract| Contract { member: heir, ..contract });
        assert_eq!(codes(&world.found("valentin")), "");
        assert_eq!(codes(&world.found("roca 3")), "345 3");
    });
}

//! Why an act of administration was refused, in words.

use ventanilla_domain::SettingError;
use ventanilla_service::AdminRefusal;

use super::texts::AdminTexts;

/// The sentence of a refusal.
pub(super) const fn why(refusal: &AdminRefusal, t: &'static AdminTexts) -> &'static str {
    match refusal {
        AdminRefusal::CollectorExists | AdminRefusal::UserExists => t.name_taken,
        AdminRefusal::OwnAccount => t.own_account,
        AdminRefusal::UserElsewhere => t.user_elsewhere,
        AdminRefusal::LastAdministrator => t.last_administrator,
        AdminRefusal::Setting(_) => t.setting_wrong,
        AdminRefusal::Limit(_) => t.limit_out_of_range,
        _ => t.not_there,
    }
}

/// The setting that was refused.
pub(super) fn setting_of(refusal: &AdminRefusal) -> Option<&str> {
    match refusal {
        AdminRefusal::Setting(SettingError::Key { key } | SettingError::Value { key, .. }) => {
            Some(key)
        }
        _ => None,
    }
}

use super::PgConnection;
use crate::{Keys, OpenError};
pub(super) fn create(_: &PgConnection, _: &Keys) -> Result<(), OpenError> {
    todo!()
}
pub(super) fn open(_: &PgConnection, _: &Keys) -> Result<(), OpenError> {
    todo!()
}

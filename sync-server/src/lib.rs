//! The thin sync server: authenticate, order, store, fan out, project.
//!
//! Rules of stock live in `stocksync-ledger`, shapes in `stocksync-schemas`; this crate owns their meeting with Postgres
//! and HTTP, and must never hold a rule of its own.
//!
//! | module | owns |
//! | --- | --- |
//! | [`run`], [`config`] | the commands of the binary and their settings |
//! | [`embedded`] | a private Postgres where none is given |
//! | [`migrate`], [`database`] | the schema, the pool, the tenant of a transaction |
//! | [`setup`] | tenants and enrolment codes |
//! | [`http`] | routes, envelopes, limits |
//! | [`log`], [`clock`], [`identity`] | log lines, time, ids and secrets |

pub mod clock;
pub mod config;
pub mod database;
pub mod embedded;
pub mod exchange;
pub mod http;
pub mod identity;
pub mod log;
pub mod migrate;
pub mod op_log;
pub mod run;
pub mod setup;

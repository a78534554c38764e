//! The thin sync server: authenticate, order, store, fan out, project.
//!
//! Rules of stock live in `stocksync-ledger`, shapes in `stocksync-schemas`; this crate owns their meeting with Postgres
//! and HTTP, and must never hold a rule of its own.
//!
//! | module | owns |
//! | --- | --- |
//! | [`run`], [`config`] | the commands of the binary and their settings |
//! | [`embedded`] | a private Postgres where none is given |
//! | [`database`], [`migrate`] | the pool, the tenant of a transaction, the schema |
//! | [`setup`] | tenants and enrolment codes, made by the operator |
//! | [`auth`] | credentials, principals, permissions |
//! | [`http`] | the kernel: route table, limits, envelopes, the API document; knows no feature |
//! | [`features`] | a folder each: use cases, store with its SQL, routes |
//! | [`console`] | the page at `/` |
//! | [`exchange`] | the phones' protocol, without I/O |
//! | [`op_log`] | the log in memory and on Postgres |
//! | [`log`], [`clock`], [`identity`] | log lines, time, ids and secrets |

pub mod auth;
pub mod clock;
pub mod config;
pub mod console;
pub mod database;
pub mod embedded;
pub mod exchange;
pub mod features;
pub mod http;
pub mod identity;
pub mod log;
pub mod migrate;
pub mod op_log;
pub mod run;
pub mod setup;

//! Rows of a PostgreSQL database, as the text the server itself writes: a NUMERIC keeps every digit.

use std::error::Error as _;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use postgres::config::SslMode;
use postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Failure, Take, Wanted};

/// Waits this long for the server.
const PATIENCE: Duration = Duration::from_secs(15);

/// Checks an address; a password has no place in it.
pub fn validate(url: &str) -> Result<(), String> {
    let config = Config::from_str(&address(url))
        .map_err(|_| "`database.url` is no address such as `postgres://USER@HOST/NAME?sslmode=require`")?;
    match config.get_password() {
        Some(_) => Err("`database.url` holds a password: put it under `password_env` or `password_file`".into()),
        None => Ok(()),
    }
}

/// An address in our driver's words: whoever asks for encryption gets the server's certificate and name checked.
fn address(url: &str) -> String {
    url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require")
}

/// Hands over the names of the columns, then every row, as the server's COPY writes them.
pub fn read(
    url: &str,
    password: Option<String>,
    authorities: Option<&Path>,
    wanted: &Wanted,
    take: &mut Take<'_>,
) -> Result<(), Failure> {
    let mut client = connect(url, password, authorities)?;
    let since = wanted.since().map(literal);
    let sql = format!("COPY ({}) TO STDOUT WITH (FORMAT csv, HEADER true)", wanted.sql(since.as_deref()));
    let failure = |error: postgres::Error| match error.as_db_error() {
        Some(error) => Failure::Refused(error.message().to_string()),
        None => Failure::Down(told(&error)),
    };
    client.batch_execute("SET default_transaction_read_only = on; SET datestyle = 'ISO'").map_err(failure)?;
    let rows = client.copy_out(sql.as_str()).map_err(failure)?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(rows);
    let mut cells = Vec::new();
    for record in reader.byte_records() {
        let record = record.map_err(|error| Failure::Down(error.to_string()))?;
        cells.clear();
        cells.extend(record.iter().map(<[u8]>::to_vec));
        take(&cells).map_err(Failure::Refused)?;
    }
    Ok(())
}

fn connect(url: &str, password: Option<String>, authorities: Option<&Path>) -> Result<Client, Failure> {
    let mut config = Config::from_str(&address(url)).map_err(|error| Failure::Refused(error.to_string()))?;
    if let Some(password) = password {
        config.password(password);
    }
    config.connect_timeout(PATIENCE).application_name("langgan");
    let client = match config.get_ssl_mode() {
        SslMode::Disable => config.connect(NoTls),
        _ => config.connect(encrypted(authorities)?),
    };
    client.map_err(|error| match error.as_db_error() {
        Some(error) => Failure::Down(error.message().to_string()),
        None => Failure::Down(told(&error)),
    })
}

/// An error with what is behind it, and what to do about a certificate nobody vouches for.
fn told(error: &postgres::Error) -> String {
    let mut text = error.to_string();
    if let Some(source) = error.source().map(ToString::to_string).filter(|source| !text.contains(source.as_str())) {
        text = format!("{text}: {source}");
    }
    if text.contains("UnknownIssuer") {
        text.push_str(
            "\n  name the certificate that vouches for the server under `database.ca_file`; on a network you trust, \
             `?sslmode=disable` at the end of the address goes without encryption",
        );
    }
    text
}

/// Encryption, the server vouched for by the certificates of a file, else by those this machine trusts.
fn encrypted(authorities: Option<&Path>) -> Result<MakeRustlsConnect, Failure> {
    let mut roots = rustls::RootCertStore::empty();
    let found = match authorities {
        None => rustls_native_certs::load_native_certs(),
        Some(file) => rustls_native_certs::load_certs_from_paths(Some(file), None),
    };
    if let Some(file) = authorities.filter(|_| found.certs.is_empty()) {
        return Err(Failure::Refused(format!("`ca_file`: {} holds no certificate in PEM", file.display())));
    }
    roots.add_parsable_certificates(found.certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| Failure::Down(error.to_string()))?;
    Ok(MakeRustlsConnect::new(config.with_root_certificates(roots).with_no_client_auth()))
}

/// A text as SQL quotes it.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_in_the_address() {
        let refused = validate("postgres://clerk:secret@db/shop").unwrap_err();
        assert!(refused.contains("password_env") && !refused.contains("secret"), "{refused}");
        for mode in ["disable", "require", "verify-ca", "verify-full"] {
            assert!(validate(&format!("postgres://clerk@db:5433/shop?sslmode={mode}")).is_ok());
        }
        assert_eq!(literal("x'; DROP TABLE y"), "'x''; DROP TABLE y'");
    }
}

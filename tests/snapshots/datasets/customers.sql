CREATE TABLE customers (
    email         text COLLATE "C" NOT NULL,
    name          text NOT NULL,
    company       text,
    country       text COLLATE "C" NOT NULL,
    born_on       date,
    newsletter    boolean NOT NULL,
    registered_at timestamptz NOT NULL,
    file_id       bigint NOT NULL,
    PRIMARY KEY (email),
    CONSTRAINT customers_email_04afcbbc_check CHECK (char_length(email) <= 254),
    CONSTRAINT customers_name_a8f5d36d_check CHECK (char_length(name) >= 1),
    CONSTRAINT customers_name_f561d49b_check CHECK (char_length(name) <= 200),
    CONSTRAINT customers_company_f561d49b_check CHECK (char_length(company) <= 200),
    CONSTRAINT customers_born_on_335c815c_check CHECK (born_on >= DATE '1900-01-01')
);
CREATE INDEX customers_registered_at ON customers (registered_at);
CREATE INDEX customers_file_id ON customers USING brin (file_id) WITH (pages_per_range = 64, autosummarize = on);
COMMENT ON TABLE customers IS 'Customers: Customers by their e-mail address.';
COMMENT ON COLUMN customers.email IS 'E-mail';
COMMENT ON COLUMN customers.name IS 'Name';
COMMENT ON COLUMN customers.company IS 'Company';
COMMENT ON COLUMN customers.country IS 'Country';
COMMENT ON COLUMN customers.born_on IS 'Born';
COMMENT ON COLUMN customers.newsletter IS 'Newsletter';
COMMENT ON COLUMN customers.registered_at IS 'Registered';
COMMENT ON COLUMN customers.file_id IS 'The file that the row came from.';

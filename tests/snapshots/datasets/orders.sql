CREATE TABLE orders (
    order_id       text COLLATE "C" NOT NULL,
    customer_email text NOT NULL,
    sku            text COLLATE "C" NOT NULL,
    quantity       integer NOT NULL,
    unit_price     numeric NOT NULL,
    currency       text COLLATE "C" NOT NULL,
    ordered_at     timestamptz NOT NULL,
    notes          text,
    file_id        bigint NOT NULL,
    PRIMARY KEY (order_id),
    CONSTRAINT orders_order_id_26e044a4_check CHECK (char_length(order_id) <= 64),
    CONSTRAINT orders_sku_26e044a4_check CHECK (char_length(sku) <= 64),
    CONSTRAINT orders_quantity_0466b9fe_check CHECK (quantity >= 1),
    CONSTRAINT orders_quantity_c027c35f_check CHECK (quantity <= 1000000),
    CONSTRAINT orders_unit_price_285f0ac0_check CHECK (unit_price >= 0),
    CONSTRAINT orders_unit_price_9808e3b8_check CHECK (unit_price <= 9999999999.99),
    CONSTRAINT orders_unit_price_bf0a9b04_check CHECK (scale(unit_price) <= 4),
    CONSTRAINT orders_notes_e61916b1_check CHECK (char_length(notes) <= 2000)
);
CREATE INDEX orders_ordered_at ON orders (ordered_at);
CREATE INDEX orders_file_id ON orders USING brin (file_id) WITH (pages_per_range = 64, autosummarize = on);
COMMENT ON TABLE orders IS 'Orders: Orders as partners send them: one order a row.';
COMMENT ON COLUMN orders.order_id IS 'Order';
COMMENT ON COLUMN orders.customer_email IS 'Customer';
COMMENT ON COLUMN orders.sku IS 'SKU';
COMMENT ON COLUMN orders.quantity IS 'Quantity';
COMMENT ON COLUMN orders.unit_price IS 'Unit price';
COMMENT ON COLUMN orders.currency IS 'Currency';
COMMENT ON COLUMN orders.ordered_at IS 'Placed';
COMMENT ON COLUMN orders.notes IS 'Notes';
COMMENT ON COLUMN orders.file_id IS 'The file that the row came from.';

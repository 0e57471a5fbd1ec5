CREATE TABLE returns (
    return_id   text COLLATE "C" NOT NULL,
    line        integer NOT NULL,
    order_id    text COLLATE "C" NOT NULL,
    sku         text COLLATE "C" NOT NULL,
    quantity    integer NOT NULL,
    reason      text COLLATE "C" NOT NULL,
    returned_on date NOT NULL,
    file_id     bigint NOT NULL,
    PRIMARY KEY (return_id, line),
    CONSTRAINT returns_return_id_26e044a4_check CHECK (char_length(return_id) <= 64),
    CONSTRAINT returns_line_0466b9fe_check CHECK (line >= 1),
    CONSTRAINT returns_line_281fb5e9_check CHECK (line <= 1000),
    CONSTRAINT returns_order_id_26e044a4_check CHECK (char_length(order_id) <= 64),
    CONSTRAINT returns_sku_26e044a4_check CHECK (char_length(sku) <= 64),
    CONSTRAINT returns_quantity_0466b9fe_check CHECK (quantity >= 1),
    CONSTRAINT returns_quantity_c027c35f_check CHECK (quantity <= 1000000),
    CONSTRAINT returns_reason_955bd6d0_check
        CHECK (reason IN ('changed mind', 'damaged', 'other', 'too late', 'wrong item'))
);
CREATE INDEX returns_returned_on ON returns (returned_on);
CREATE INDEX returns_file_id ON returns USING brin (file_id) WITH (pages_per_range = 64, autosummarize = on);
COMMENT ON TABLE returns IS
    'Returns: What customers sent back: one line of a return a row, so a return may have several rows.';
COMMENT ON COLUMN returns.return_id IS 'Return';
COMMENT ON COLUMN returns.line IS 'Line';
COMMENT ON COLUMN returns.order_id IS 'Order';
COMMENT ON COLUMN returns.sku IS 'SKU';
COMMENT ON COLUMN returns.quantity IS 'Quantity';
COMMENT ON COLUMN returns.reason IS 'Reason';
COMMENT ON COLUMN returns.returned_on IS 'Returned';
COMMENT ON COLUMN returns.file_id IS 'The file that the row came from.';

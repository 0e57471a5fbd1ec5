CREATE TABLE products (
    sku        text COLLATE "C" NOT NULL,
    title      text NOT NULL,
    price      numeric NOT NULL,
    weight_kg  numeric,
    active     boolean NOT NULL,
    attributes jsonb,
    file_id    bigint NOT NULL,
    PRIMARY KEY (sku),
    CONSTRAINT products_sku_26e044a4_check CHECK (char_length(sku) <= 64),
    CONSTRAINT products_title_962cd3f7_check CHECK (char_length(title) <= 300),
    CONSTRAINT products_price_285f0ac0_check CHECK (price >= 0),
    CONSTRAINT products_price_8ab3a398_check CHECK (price <= 9999999.99),
    CONSTRAINT products_price_ee87cf56_check CHECK (scale(price) <= 2),
    CONSTRAINT products_weight_kg_285f0ac0_check CHECK (weight_kg >= 0),
    CONSTRAINT products_weight_kg_281fb5e9_check CHECK (weight_kg <= 1000),
    CONSTRAINT products_weight_kg_981e1446_check CHECK (scale(weight_kg) <= 3)
);
CREATE INDEX products_file_id ON products USING brin (file_id) WITH (pages_per_range = 64, autosummarize = on);
COMMENT ON TABLE products IS
    'Products: What is sold, with prices as a German merchandise system writes them: 1.234,50.';
COMMENT ON COLUMN products.sku IS 'SKU';
COMMENT ON COLUMN products.title IS 'Product';
COMMENT ON COLUMN products.price IS 'Price in EUR';
COMMENT ON COLUMN products.weight_kg IS 'Weight in kg';
COMMENT ON COLUMN products.active IS 'On sale';
COMMENT ON COLUMN products.attributes IS 'Attributes';
COMMENT ON COLUMN products.file_id IS 'The file that the row came from.';

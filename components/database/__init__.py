"""PostgreSQL on RDS, its proxy, and its schema."""

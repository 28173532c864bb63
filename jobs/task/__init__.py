"""What every container's task needs around its work: its plan, its log lines and S3."""

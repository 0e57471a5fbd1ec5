"""The web app on an Auto Scaling group behind an Application Load Balancer."""

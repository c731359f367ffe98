"""Speed, measured in one run as ratios beside what others would use."""

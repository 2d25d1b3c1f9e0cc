# SPDX-License-Identifier: GPL-2.0
#
# What "cyclictest -v -N" measured.
package Latency;
use strict;
use warnings;
use List::Util qw(sum0);

# Before this sample the thread changed class and the load started.
use constant WARM_UP => 30;

# load FILE: the latencies in ns, sorted
sub load {
	my ($file) = @_;
	my @ns;

	open(my $in, '<', $file) or die "report: $file: $!\n";
	while (<$in>) {
		push @ns, $2 if /^\s*0:\s*(\d+):\s*(\d+)/ && $1 >= WARM_UP;
	}
	die "report: $file: no samples\n" unless @ns;
	return [ sort { $a <=> $b } @ns ];
}

# woken FILE PID: of a trace, the ns from each wake-up of that thread to its running, sorted
sub woken {
	my ($file, $pid) = @_;
	my ($since, @ns);

	open(my $in, '<', $file) or die "report: $file: $!\n";
	while (<$in>) {
		next unless /\[\d+\]\s+(\d+)\.(\d{9}): sched_(wakeup|switch):\s.*\b(?:next_)?pid=(\d+)/ && $4 == $pid;
		if ($3 eq 'wakeup') {
			$since = "$1$2";
		} elsif (defined $since) {
			push @ns, "$1$2" - $since;
			$since = undef;
		}
	}
	die "report: $file: thread $pid was not woken\n" unless @ns;
	return [ sort { $a <=> $b } @ns ];
}

# quantile SORTED PART: the smallest value that PART of all do not exceed
sub quantile {
	my ($sorted, $part) = @_;
	my $i = int($part * @$sorted + 0.999999) - 1;

	return $sorted->[ $i < 0 ? 0 : $i ];
}

# bins SORTED PER_DECADE: [least ns, count]..., bins of equal width on a logarithmic axis
sub bins {
	my ($sorted, $per_decade) = @_;
	my %count;

	for my $ns (@$sorted) {
		$count{ int(log($ns > 1 ? $ns : 1) / log(10) * $per_decade) }++;
	}
	return map { [ 10**($_ / $per_decade), $count{$_} ] } sort { $a <=> $b } keys %count;
}

1;

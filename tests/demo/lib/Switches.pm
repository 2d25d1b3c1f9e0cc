# SPDX-License-Identifier: GPL-2.0
#
# Switches of one server: when it resumed, and when it had to by the rule
#	max(0, z - t) + period' - runtime'
# z, until which its cap was used up, is computed here from the releases and from what was charged.
package Switches;
use strict;
use warnings;
use List::Util qw(max min);

# read_log FILE: what the program itself saw
sub read_log {
	my ($file) = @_;
	my @log;

	open(my $in, '<', $file) or die "report: $file: $!\n";
	while (<$in>) {
		my ($runtime, $period, $before, $after) = split;
		push @log, { runtime => $runtime, period => $period, took => $after - $before };
	}
	return \@log;
}

# match SERVER LOG: one record per switch: runtime, period, took (seen by the program), wait
# (max(0, z - t)), bound, kernel (the kernel's own wait)
sub match {
	my ($s, $log) = @_;
	my @charges = @{ $s->{charges} };
	my ($z, @out) = (0);

	for my $ev (@{ $s->{events} }) {
		while (@charges && $charges[0][1] <= $ev->{at}) {
			my $c = shift @charges;
			$z += ($c->[1] - $c->[0]) / $s->{cap};
		}
		if ($ev->{name} eq 'release') {
			$z = $ev->{release} + $ev->{debt} / $s->{cap};
		} elsif ($ev->{name} eq 'switch') {
			push @out, record($ev, $log->[@out], $z);
		}
	}
	return \@out;
}

sub record {
	my ($ev, $log, $z) = @_;
	my ($runtime) = $ev->{runtime} =~ /->(\d+)/;
	my ($period) = $ev->{period} =~ /->(\d+)/;
	my $wait = max(0, $z - $ev->{at});

	die "report: the program's log and the trace differ\n"
		unless $log && $log->{runtime} == $runtime && $log->{period} == $period;
	return {
		%$log, at => $ev->{at}, wait => $wait, bound => $wait + $period - $runtime,
		kernel => $ev->{release} - $ev->{at},
	};
}

# summary RECORDS...: count, the worst, its bound and the least slack
sub summary {
	my ($worst) = sort { $b->{took} <=> $a->{took} } @_;
	my ($tight) = sort { $b->{took} - $b->{bound} <=> $a->{took} - $a->{bound} } @_;

	return { count => scalar @_, worst => $worst, excess => $tight->{took} - $tight->{bound} };
}

1;

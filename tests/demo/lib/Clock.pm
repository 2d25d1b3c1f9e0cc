# SPDX-License-Identifier: GPL-2.0
#
# A timeline beside the clock that it is kept on, from what tests/demo/clocks.c has printed; in ns.
package Clock;
use strict;
use warnings;
use List::Util qw(max min);

my @reading = qw(before ns after low high counter disruption status);
my @event = qw(poll counter type reason told low high);
my @params = qw(now counter low high rate shift hz);

# What an event can be (enum in linux/timeline.h)
use constant { DEGRADED => 1, RECOVERED => 2, WHY_BOUND => 1 };

# table FILE NAMES...: a hash per line
sub table {
	my ($file, @names) = @_;
	my @rows;

	open(my $in, '<', $file) or die "report: $file: $!\n";
	while (<$in>) {
		# The last line of a program that was ended may be a part of one
		next unless /\n$/;
		my %row;
		@row{@names} = split;
		push @rows, \%row;
	}
	return @rows;
}

# load DIR: { readings, events, killed, restart }: the parameters when it was killed and when another was started
sub load {
	my ($dir) = @_;
	my $c = { readings => [ table("$dir/readings", @reading) ], events => [ table("$dir/events", @event) ] };
	my $gap = min map { $_->{after} - $_->{before} } @{ $c->{readings} };

	($c->{killed}) = table("$dir/killed", @params);
	($c->{restart}) = table("$dir/restart", @params);
	die "report: $dir: no readings\n" unless defined $gap && $c->{killed} && $c->{restart};
	$_->{error} = error($_, $gap) for @{ $c->{readings} };
	$c->{gap} = $gap;
	return $c;
}

# How far it was ahead of the clock in the middle between the two readings; not known where the reader was
# interrupted between them
sub error {
	my ($r, $gap) = @_;

	return if $r->{after} - $r->{before} > 1.5 * $gap;
	return $r->{ns} - $r->{before} - ($r->{after} - $r->{before}) / 2;
}

# The clock was somewhere from before to after, the digits it does not show included
sub outside {
	return grep { $_->{ns} + $_->{high} < $_->{before} || $_->{ns} - $_->{low} > $_->{after} + 1 } @_;
}

# backwards NUMBERS...: how many are less than the one before
sub backwards {
	return scalar grep { $_[$_] < $_[ $_ - 1 ] } 1 .. $#_;
}

sub bound {
	my ($r) = @_;

	return max(@$r{qw(low high)});
}

sub middle {
	my @sorted = sort { $a <=> $b } @_;

	return $sorted[ $#sorted / 2 ];
}

# phase READINGS...: count, median and worst of error and bound
sub phase {
	my @errors = map { abs } grep { defined } map { $_->{error} } @_;
	my @bounds = map { bound($_) } @_;

	return {
		count => scalar @_, error => middle(@errors), worst_error => max(@errors),
		bound => middle(@bounds), worst_bound => max(@bounds),
	};
}

# phases CLOCK: readings while it was kept, while nobody kept it, and when it was kept again
sub phases {
	my ($c) = @_;
	my ($killed, $restart) = map { $_->{now} } @$c{qw(killed restart)};
	my @parts = ([], [], []);

	push @{ $parts[ ($_->{counter} > $killed) + ($_->{counter} > $restart) ] }, $_ for @{ $c->{readings} };
	return @parts;
}

# crossing PARAMS ACCURACY: the counter from which on the bound of a reading exceeds the accuracy. It is
# floor(ticks * growth) and 2 ns for rounding beyond what it was at the reference.
sub crossing {
	my ($p, $accuracy) = @_;
	my $growth = $p->{rate} * 1e9 / 2**(64 + $p->{shift});

	return $p->{counter} + ($accuracy - 1 - bound($p)) / $growth;
}

# Those after a counter value
sub since {
	my ($counter, @events) = @_;

	return grep { $_->{counter} > $counter } @events;
}

1;

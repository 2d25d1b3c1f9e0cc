# SPDX-License-Identifier: GPL-2.0
#
# What a guest has read on a timeline of its host, and the host at the same value of the counter, from what
# tests/demo/guest.c has printed; in ns.
package Guest;
use strict;
use warnings;

my @fields = qw(counter sec nsec low high status host_sec host_nsec host_low host_high host_status marker);

use constant SYNCHRONIZED => 2;

# load FILE: a reading each, the first two only warm it up
sub load {
	my ($file) = @_;
	my @rows;

	open(my $in, '<', $file) or die "report: $file: $!\n";
	while (<$in>) {
		my %r;
		@r{@fields} = split;
		# Perl's numbers hold 2^53 ns, that is 104 days
		$r{off} = ($r{sec} - $r{host_sec}) * 1e9 + $r{nsec} - $r{host_nsec};
		push @rows, \%r;
	}
	die "report: $file: no readings\n" unless @rows == 5;
	return @rows[2, 3];
}

# Inside of what the guest was told is what the host was, and both are sure
sub contains {
	my ($r) = @_;

	return $r->{status} == SYNCHRONIZED && $r->{host_status} == SYNCHRONIZED
		&& $r->{off} - $r->{low} <= -$r->{host_low} && $r->{off} + $r->{high} >= $r->{host_high};
}

# How far one interval goes beyond the other
sub wider {
	my ($r) = @_;

	return $r->{low} + $r->{high} - $r->{host_low} - $r->{host_high};
}

1;

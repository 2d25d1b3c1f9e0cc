# SPDX-License-Identifier: GPL-2.0
#
# What the servers got, from a trace: per instance, over any number of instances, in any window.
package Servers;
use strict;
use warnings;
use List::Util qw(min max sum0);
use Trace;

use constant UNIT => 1 << 20;

# proc FILE: server id -> its line of /proc/vbs
sub proc {
	my ($file) = @_;
	my %servers;

	open(my $in, '<', $file) or die "report: $file: $!\n";
	while (<$in>) {
		next unless /^server /;
		my %s = /(\w+)=(\S+)/g;
		$servers{ $s{id} } = \%s;
	}
	return \%servers;
}

# booked FILE: of all CPUs in /proc/vbs
sub booked {
	my ($file) = @_;

	open(my $in, '<', $file) or die "report: $file: $!\n";
	return sum0 map { /^cpu .* booked=(\d+)/ ? $1 : () } <$in>;
}

# list TRACE LEADERS: the servers in order of admission, named by their leader's process
sub list {
	my ($t, $leaders) = @_;
	my @servers;

	for my $ev (grep { $_->{name} eq 'admit' } @{ $t->{events} }) {
		push @servers, server($t, $ev->{server}, $ev, $leaders->{ $ev->{pid} } // $ev->{comm});
	}
	return \@servers;
}

# server TRACE ID NUMBERS NAME
sub server {
	my ($t, $id, $numbers, $name) = @_;

	return {
		id => $id, name => $name,
		runtime => $numbers->{runtime}, period => $numbers->{period}, cap => $numbers->{cap} / UNIT,
		charges => $t->{charges}{$id} // [],
		runs => [ map { [ @$_[1, 2] ] } grep { $_->[0] eq $id } @{ $t->{runs} } ],
		events => [ grep { ($_->{server} // 0) == $id } @{ $t->{events} } ],
	};
}

# machines TRACE PROC NAMES: the servers of virtual machines, named by their process and role, from their
# first release on: what their threads did before was not in them
sub machines {
	my ($t, $proc, $names) = @_;
	my @servers;

	for my $line (sort { $a->{id} <=> $b->{id} } grep { $_->{role} } values %$proc) {
		my $s = server($t, $line->{id}, $line, "$names->{ $line->{group} } $line->{role}");
		my ($first) = of($s, 'release') or next;
		$s->{$_} = after($s->{$_}, $first->{release}) for qw(charges runs);
		push @servers, $s;
	}
	return \@servers;
}

# after LIST AT: what of [from, to]... comes later
sub after {
	my ($list, $at) = @_;

	return [ map { [ max($_->[0], $at), $_->[1] ] } grep { $_->[1] > $at } @$list ];
}

# measure SERVER END: the whole instances before END, with what each got by the scheduler's charges and
# by the wall clock; of the charges min, mean, max; what was borrowed; drift, see below; the least that an
# instance got beyond its budget, least by the charges and least_wall by the wall clock
sub measure {
	my ($s, $end) = @_;
	my @inst = grep { $_->{deadline} <= $end } map { { %$_ } } of($s, 'release');

	share($s->{charges}, 'got', @inst);
	share($s->{runs}, 'wall', @inst);
	$s->{instances} = \@inst;
	return unless @inst;
	my @got = map { $_->{got} } @inst;
	@$s{qw(min max mean)} = (min(@got), max(@got), sum0(@got) / @got);
	$s->{borrowed} = max(0, map { $_->{debt} - $s->{cost} } @inst);
	$s->{least} = min(map { $_->{got} + $_->{debt} - $_->{runtime} } @inst);
	$s->{least_wall} = min(map { $_->{wall} + $_->{debt} - $_->{runtime} } @inst);
	$s->{drift} = drift($s->{cost}, @inst);
	return;
}

# share LIST NAME INSTANCES...: what of [from, to]... lies in each instance becomes its NAME
sub share {
	my ($list, $name, @inst) = @_;
	my @left = @$list;

	for my $i (@inst) {
		shift @left while @left && $left[0][1] <= $i->{release};
		my $n = 0;
		$n++ while $n < @left && $left[$n][0] < $i->{deadline};
		$i->{$name} = Trace::cut([ @left[0 .. $n - 1] ], $i->{release}, $i->{deadline});
	}
	return;
}

sub of {
	my ($s, $name) = @_;

	return grep { $_->{name} eq $name } @{ $s->{events} };
}

# The worst |what k consecutive instances got - k * (runtime - COST)|, for all k. An instance that borrowing
# skipped has a place in it, and no release.
sub drift {
	my $cost = shift;
	my ($level, $low, $high) = (0, 0, 0);
	my $last;

	for my $i (@_) {
		if ($last) {
			my $gap = $i->{release} - $last->{deadline};
			$level -= $i->{runtime} * int($gap / $i->{period} + 0.5);
		}
		$level += $i->{got} + $cost - $i->{runtime};
		$low = $level if $level < $low;
		$high = $level if $level > $high;
		$last = $i;
	}
	return $high - $low;
}

# burst CHARGES SHARE: the most that was executed in any window beyond SHARE of its length
sub burst {
	my ($charges, $share) = @_;
	my ($best, $sum, $last) = (0, 0, undef);

	for my $c (@$charges) {
		my ($from, $to) = @$c;
		$from = $last if defined $last && $from < $last;
		$sum -= $share * ($from - $last) if defined $last;
		$sum = 0 if $sum < 0;
		$sum += (1 - $share) * ($to - $from) if $to > $from;
		$best = $sum if $sum > $best;
		$last = $to;
	}
	return $best;
}

1;

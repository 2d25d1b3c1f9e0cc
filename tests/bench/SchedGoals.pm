# SPDX-License-Identifier: GPL-2.0
#
# What each row is to be (tests/bench/goals), and what it is.
package SchedGoals;
use strict;
use warnings;
use List::Util qw(first max min);

# ---- the rows of one run ----

sub median {
	my ($rows, %want) = @_;
	my $row = first {
		my $row = $_;
		!grep { ($row->{$_} // '') ne $want{$_} } keys %want;
	} @$rows;

	return $row && $row->{median};
}

sub sizes {
	my ($rows, $op) = @_;
	my %n = map { $_->{n} => 1 } grep { $_->{op} eq $op && defined $_->{n} } @$rows;

	return sort { $a <=> $b } keys %n;
}

sub ratio {
	my ($a, $b) = @_;

	return defined $a && $b ? $a / $b : undef;
}

sub mean {
	my ($rows, $queue, $load, $n) = @_;
	my $row = first { $_->{queue} eq $queue && $_->{load} eq $load && $_->{n} == $n } @$rows;

	return $row && $row->{mean};
}

sub worst {
	my @values = @_;

	return @values && !grep({ !defined } @values) ? max(@values) : undef;
}

# ---- the kinds of goals: each returns what is measured, or undef ----

my %measure = (
	peer => sub {
		my ($run, $g) = @_;
		my %at = (op => $g->{op}, others => $g->{others});

		return worst(map { ratio(median($run->{with}, %at, n => $_, class => 'VBS'),
			median($run->{with}, %at, n => $_, class => $g->{peer})) } sizes($run->{with}, $g->{op}));
	},
	flat => sub {
		my ($run, $g) = @_;
		my %at = (op => $g->{op}, others => $g->{others}, class => 'VBS');
		my @n = sizes($run->{with}, $g->{op});

		return @n > 1 ? ratio(median($run->{with}, %at, n => $n[-1]), median($run->{with}, %at, n => $n[0])) : undef;
	},
	program => sub {
		my ($run, $g) = @_;

		return ratio(map { median($run->{with}, op => $g->{op}, when => 'beside', class => $_) } 'VBS', $g->{peer});
	},
	others => sub {
		my ($run, $g) = @_;
		my $ratio = ratio(median($run->{with}, op => $g->{op}, when => 'before', class => $g->{peer}),
			median($run->{without} // [], op => $g->{op}, when => 'before', class => $g->{peer}));

		return defined $ratio ? abs($ratio - 1) : undef;
	},
	queue => sub {
		my ($run, $g) = @_;
		my @n = grep { $_ <= 1000 } map { $_->{n} } grep { $_->{queue} eq 'trie' && $_->{load} eq $g->{others} } @{ $run->{queue} // [] };

		return worst(map { mean($run->{queue}, 'trie', $g->{others}, $_) } @n);
	},
	faster => sub {
		my ($run, $g) = @_;

		return ratio(map { mean($run->{queue} // [], $_, $g->{others}, $g->{peer}) } 'rbtree', 'trie');
	},
	slower => sub {
		my ($run, $g) = @_;
		my ($trie, $rbtree) = map { mean($run->{queue} // [], $_, $g->{others}, $g->{peer}) } 'trie', 'rbtree';

		return defined $trie && defined $rbtree ? $trie - $rbtree : undef;
	},
);

# What is at least the goal, not at most; and what takes nanoseconds, so that a busy machine is no failure
my %at_least = (faster => 1);
my %unsteady = (queue => 1, faster => 1, slower => 1);

sub load {
	my ($file) = @_;
	my @goals;

	open(my $in, '<', $file) or die "goals: $file: $!\n";
	while (my $line = <$in>) {
		next if $line =~ /^\s*(#|$)/;
		my %g;
		@g{qw(id kind op others peer goal state)} = split ' ', $line;
		die "goals: $file:$.: want ID KIND OPERATION OTHERS PEER GOAL STATE\n"
			unless $measure{ $g{kind} } && ($g{state} // '') =~ /^(met|open)$/ && $g{goal} =~ /^[\d.]+$/;
		push @goals, \%g;
	}
	return @goals;
}

sub look {
	my ($run, $g) = @_;
	my $value = $measure{ $g->{kind} }->($run, $g);
	my $met = defined $value && ($at_least{ $g->{kind} } ? $value >= $g->{goal} : $value <= $g->{goal});

	return { %$g, value => $value, met => $met ? 1 : 0, lost => defined $value && !$met && $g->{state} eq 'met' && !$unsteady{ $g->{kind} } ? 1 : 0 };
}

# Prints them. Return: all of them, with what was measured
sub show {
	my ($run, $file) = @_;
	my @goals = map { look($run, $_) } load($file);

	print "\nGoals (tests/bench/goals), over all n where a class is the peer\n\n";
	printf "  %-26s %-9s %-32s %8s %8s  %s\n", 'row', 'kind', 'what', 'goal', 'is', '';
	for my $g (@goals) {
		my $sign = $at_least{ $g->{kind} } ? '>=' : '<=';
		my $what = join ' ', grep { $_ ne '-' } $g->{op}, $g->{others}, $g->{peer};
		my $is = defined $g->{value} ? sprintf('%.3f', $g->{value}) : '-';
		my $verdict = !defined $g->{value} ? 'not measured' : $g->{met} ? 'met' : sprintf('off by %.3f', abs($g->{value} - $g->{goal}));
		printf "  %-26s %-9s %-32s %s %5s %8s  %s%s\n", $g->{id}, $g->{kind}, $what, $sign, $g->{goal}, $is, $verdict,
			$g->{lost} ? ': was met before' : '';
	}
	return @goals;
}

1;

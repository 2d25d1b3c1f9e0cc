# SPDX-License-Identifier: GPL-2.0
#
# What each row is to be (tests/bench/goals), and what it is.
package SchedGoals;
use strict;
use warnings;
use List::Util qw(first max sum);

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

sub row_of {
	my ($rows, %want) = @_;

	return first {
		my $row = $_;
		!grep { ($row->{$_} // '') ne $want{$_} } keys %want;
	} @$rows;
}

sub least {
	my $row = row_of(@_);

	return $row && $row->{min};
}

# What the kernel takes of a CPU with so many tasks of 1 ms beyond none of them and their switches, as a share: those of
# "busy" ones are what it takes SCHED_FIFO to go from one to another by sched_yield(), those of "periodic" ones all that
# SCHED_FIFO takes.
sub beyond {
	my ($rows, $kind, $n, $class) = @_;
	my $none = row_of($rows, op => 'many', n => 0);
	my ($all, $fifo) = map { row_of($rows, op => 'many', kind => $kind, class => $_, n => $n) } $class, 'FIFO';
	my $turn = median($rows, op => 'turn', class => 'FIFO', others => 'ready');

	return undef unless $none && $all && $turn;
	my $share = sub { 1 - $_[0]{user} / $_[0]{elapsed} };
	if ($kind eq 'periodic') {
		return $fifo ? $share->($all) - $share->($fifo) : undef;
	}
	return $share->($all) - $share->($none) - $turn * $all->{switches} / $all->{elapsed};
}

# What is read or slept on, beside what
my %clock_calls = (
	read => [ 'clock_gettime(CLOCK_MONOTONIC)', 'clock_gettime(CLOCK_TIMELINE())' ],
	bounds => [ 'clock_gettime(CLOCK_MONOTONIC)', 'timeline_gettime()' ],
	slewing => [ 'clock_gettime(CLOCK_MONOTONIC)', 'timeline_gettime(), slewing' ],
	self => [ 'clock_gettime(CLOCK_MONOTONIC)', 'clock_gettime(CLOCK_TIMELINE_SELF)' ],
	'self-many' => [ 'clock_gettime(CLOCK_MONOTONIC)', 'clock_gettime(CLOCK_TIMELINE_SELF), threads differ' ],
	budget => [ 'clock_gettime(CLOCK_MONOTONIC)', 'budget left and deadline, from the page' ],
	'native-slewing' => [ 'vDSO CLOCK_MONOTONIC', 'timeline_gettime(), slewing' ],
	'native-bounds' => [ 'vDSO CLOCK_MONOTONIC', 'timeline_gettime(), with bounds' ],
	sleep => [ 'a sleep on CLOCK_MONOTONIC, until it runs', 'a sleep on the timeline, until it runs' ],
	'guest-read' => [ 'clock_gettime(CLOCK_MONOTONIC)', "the host's timeline, with bounds" ],
	'guest-sleep' => [ 'a sleep on CLOCK_MONOTONIC, until it runs', 'a sleep on the timeline' ],
);

sub clock_cost {
	my ($calls, $name) = @_;
	my $row = first { $_->{call} eq $name } @$calls;

	return $row && ($row->{instructions} // $row->{cycles});
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
	hook => sub {
		my ($run, $g) = @_;
		my @least = map { least($run->{$_} // [], op => "hook-$g->{op}", class => $g->{peer}, when => 'before') } 'with', 'without';

		return defined $least[0] && defined $least[1] ? abs($least[0] - $least[1]) : undef;
	},
	many => sub {
		my ($run, $g) = @_;

		return beyond($run->{with}, $g->{others}, $g->{op}, $g->{peer});
	},
	memory => sub {
		my ($run, $g) = @_;
		my $row = row_of($run->{with}, op => 'memory', class => 'VBS', n => $g->{peer});

		return $row && $row->{bytes} / 1e6;
	},
	books => sub {
		my ($run, $g) = @_;
		my ($few, $many) = map { [ split /,/, $_ ] } split /\//, $g->{peer};

		return ratio(map { median($run->{with}, op => 'books', load => $g->{op}, cpus => $_->[0], servers => $_->[1]) } $many, $few);
	},
	due => sub {
		my ($run, $g) = @_;
		my @own = map { $_->{$g->{op}}{ $g->{peer} } } sort { $a->{n} <=> $b->{n} } @{ $run->{due} // [] };

		return @own > 1 ? ratio(@own[ -1, 0 ]) : undef;
	},
	clock => sub {
		my ($run, $g) = @_;
		my ($base, $call) = @{ $clock_calls{ $g->{peer} } };
		my $calls = $g->{op} eq 'native' ? ($run->{clocks}{native} // {})->{calls} : $run->{clocks}{ $g->{op} };

		return ratio(map { clock_cost($calls // [], $_) } $call, $base);
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

# The same of a class that does nothing beside the peer, by the profile: the least that a goal could be
sub limit_of {
	my ($run, $g) = @_;
	my $peer = (($run->{profile}{functions}{ $g->{op} } // {})->{ $g->{others} } // {})->{ $g->{peer} };
	my $limit = (($run->{profile}{limit}{ $g->{op} } // {})->{ $g->{others} } // {})->{VBS};

	return $g->{kind} eq 'peer' && $peer && $limit ? $limit / sum(values %$peer) : undef;
}

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
	my $is_time = $unsteady{ $g->{kind} } || $g->{op} eq 'native';
	my $met = defined $value && ($at_least{ $g->{kind} } ? $value >= $g->{goal} : $value <= $g->{goal});

	return { %$g, value => $value, limit => limit_of($run, $g), met => $met ? 1 : 0, lost => defined $value && !$met && $g->{state} eq 'met' && !$is_time ? 1 : 0 };
}

# Prints them. Return: all of them, with what was measured
sub show {
	my ($run, $file) = @_;
	my @goals = map { look($run, $_) } load($file);

	print "\nGoals (tests/bench/goals), over all n where a class is the peer. \"limit\": what a class that does nothing would\nbe, n = 10 (build/bench/profile.txt)\n\n";
	printf "  %-26s %-9s %-40s %8s %8s %8s  %s\n", 'row', 'kind', 'what', 'goal', 'is', 'limit', '';
	for my $g (@goals) {
		my $sign = $at_least{ $g->{kind} } ? '>=' : '<=';
		my $what = join ' ', grep { $_ ne '-' } $g->{op}, $g->{others}, $g->{peer};
		my $is = defined $g->{value} ? sprintf('%.3f', $g->{value}) : '-';
		my $verdict = !defined $g->{value} ? 'not measured' : $g->{met} ? 'met' : sprintf('off by %.3f', abs($g->{value} - $g->{goal}));
		my $limit = defined $g->{limit} ? sprintf('%.3f', $g->{limit}) : '';
		printf "  %-26s %-9s %-40s %s %5s %8s %8s  %s%s\n", $g->{id}, $g->{kind}, $what, $sign, $g->{goal}, $is, $limit, $verdict,
			$g->{lost} ? ': was met before' : '';
	}
	return @goals;
}

1;

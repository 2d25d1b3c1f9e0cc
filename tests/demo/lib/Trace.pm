# SPDX-License-Identifier: GPL-2.0
#
# Reads what "trace-cmd report -t -N" prints: who executed when, and what the servers did.
package Trace;
use strict;
use warnings;

# load FILE [MEMBERS]: { events, first, last, charges, runs }, times in ns of the machine's clock
#   events   the sched_vbs_* tracepoints: { name, at, and its fields }
#   charges  server id -> [from, to]...: what the scheduler charged (sched_stat_runtime), which is
#            execution without interrupts
#   runs     [who, from, to]...: who had the CPU (sched_switch); a server id, "other", "fifo",
#            "deadline" or "idle"
# MEMBERS: thread -> server id, of those that enter without an event of their own
sub load {
	my ($file, $members) = @_;
	my %server = %{ $members // {} };
	my $t = { events => [], charges => {}, runs => [], server => {%server}, fixed => \%server, who => 'idle' };

	open(my $in, '<', $file) or die "report: $file: $!\n";
	while (<$in>) {
		next unless /\[\d+\]\s+(\d+)\.(\d{9}): (\w+):\s+(.*)/;
		my ($at, $name, $text) = ("$1$2" + 0, $3, $4);
		$t->{first} //= $at;
		$t->{last} = $at;
		event($t, $at, $name, $text);
	}
	die "report: $file: no events\n" unless defined $t->{first};
	run_until($t, $t->{last}, 'idle');
	return $t;
}

sub event {
	my ($t, $at, $name, $text) = @_;

	return on_switch($t, $at, $text) if $name eq 'sched_switch';
	return on_charge($t, $at, $text) if $name eq 'sched_stat_runtime';
	return on_fork($t, $text) if $name eq 'sched_process_fork';
	return unless $name =~ s/^sched_vbs_//;
	my $ev = { $text =~ /(\w+)=(\S+)/g, name => $name, at => $at };
	push @{ $t->{events} }, $ev;
	$t->{server}{ $ev->{pid} } = $ev->{server} if $name eq 'admit';
	delete $t->{server}{ $ev->{pid} } if $name eq 'leave' && !$t->{fixed}{ $ev->{pid} };
	on_admit($t, $at, $ev) if $name eq 'admit';
	return;
}

# A task that enters runs on, now in its server.
sub on_admit {
	my ($t, $at, $ev) = @_;

	run_until($t, $at, $ev->{server}) if $t->{pid} && $t->{pid} == $ev->{pid};
	return;
}

# Children of a member are members.
sub on_fork {
	my ($t, $text) = @_;
	my ($parent, $child) = $text =~ / pid=(\d+) .*child_pid=(\d+)/ or return;

	$t->{server}{$child} = $t->{server}{$parent} if $t->{server}{$parent} && !$t->{fixed}{$child};
	return;
}

sub on_charge {
	my ($t, $at, $text) = @_;
	my ($pid, $ns) = $text =~ / pid=(\d+) runtime=(\d+)/ or return;
	my $server = $t->{server}{$pid};

	push @{ $t->{charges}{$server} }, [ $at - $ns, $at ] if $server;
	return;
}

sub on_switch {
	my ($t, $at, $text) = @_;
	my ($pid, $prio) = $text =~ /==> .*next_pid=(\d+) next_prio=(-?\d+)/ or return;

	run_until($t, $at, class_of($t, $pid, $prio));
	$t->{pid} = $pid;
	return;
}

# prio as in the kernel: -2 VBS, -1 DEADLINE, 0 to 98 FIFO and RR, from 100 the fair class
sub class_of {
	my ($t, $pid, $prio) = @_;

	return 'idle' if $pid == 0;
	return $t->{server}{$pid} // 'other' if $prio == -2;
	return $prio == -1 ? 'deadline' : $prio < 100 ? 'fifo' : 'other';
}

sub run_until {
	my ($t, $at, $next) = @_;

	push @{ $t->{runs} }, [ $t->{who}, $t->{since}, $at ]
		if defined $t->{since} && $t->{who} ne 'idle';
	@$t{qw(who since)} = ($next, $at);
	return;
}

# cut LIST FROM TO: what of [from, to]... lies in there
sub cut {
	my ($list, $from, $to) = @_;
	my $sum = 0;

	for my $c (@$list) {
		my $a = $c->[0] > $from ? $c->[0] : $from;
		my $b = $c->[1] < $to ? $c->[1] : $to;
		$sum += $b - $a if $b > $a;
	}
	return $sum;
}

1;

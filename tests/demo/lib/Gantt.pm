# SPDX-License-Identifier: GPL-2.0
#
# The schedule as a chart: a row per server with its releases, deadlines, execution and waits, and
# rows for the classes below.
package Gantt;
use strict;
use warnings;
use List::Util qw(min max);
use Svg;
use Units qw(resource);

use constant {
	WIDTH => 1200, LEFT => 170, RIGHT => 20, TOP => 64, ROW => 76, LOW_ROW => 34, BAR => 26,
	LENGTH => 40e6,		# of the window, ns
	NEAR => 55,		# labels closer than that go to two lines, px
};
my @colours = ('#0072b2', '#009e73', '#d55e00', '#7a4fa3', '#b58900');
my %below = (fifo => ['SCHED_FIFO', '#6e7781'], other => ['SCHED_OTHER', '#a8b0b8']);

# draw FILE TRACE SERVERS SWITCHED: SWITCHED is the server with the switches, WINDOW around them
sub draw {
	my ($file, $t, $servers, $switched) = @_;
	my $g = { t => $t, from => window($t, $switched), rows => scalar @$servers };
	my $height = TOP + ROW * @$servers + LOW_ROW * keys(%below) + 92;

	$g->{svg} = Svg->new(WIDTH, $height, 'Schedule of variable-bandwidth servers on one CPU');
	$g->{to} = $g->{from} + LENGTH;
	$g->{bottom} = TOP + ROW * @$servers + LOW_ROW * keys %below;
	$g->{svg}->hatch('throttled', '#c9d1d9');
	$g->{svg}->hatch('waits', '#f2b8a0');
	heading($g);
	axis($g);
	server_row($g, $servers->[$_], $_) for 0 .. $#$servers;
	low_row($g, $_) for sort keys %below;
	legend($g);
	$g->{svg}->save($file);
	return;
}

# The window in which the switches are most apart, with some in both directions, one that waits for z,
# and the classes below at work.
sub window {
	my ($t, $s) = @_;
	my @switches = grep { $_->{name} eq 'switch' } @{ $s->{events} };
	my ($best, $from) = (-1, undef);

	for my $first (@switches) {
		my $start = int(($first->{at} - 3e6) / 1e6) * 1e6;
		my $score = score($t, $start, grep { inside($_->{at}, $start) } @switches);
		($best, $from) = ($score, $start) if $score > $best;
	}
	return $from // $t->{first};
}

sub inside {
	my ($at, $start) = @_;

	return $at >= $start && $at < $start + LENGTH;
}

sub score {
	my ($t, $start, @switches) = @_;
	my $apart = LENGTH;

	return 0 if $start < $t->{first} || $start + LENGTH > $t->{last} || @switches < 4;
	return 0 unless grep { $_->{release} - $_->{at} > 1e6 } @switches;
	$apart = min($apart, $switches[$_]{at} - $switches[ $_ - 1 ]{at}) for 1 .. $#switches;
	my %time;
	for my $r (grep { $_->[2] > $start && $_->[1] < $start + LENGTH } @{ $t->{runs} }) {
		$time{ $r->[0] } += $r->[2] - $r->[1];
	}
	$apart /= 10 for grep { ($time{$_} // 0) < 0.5e6 } keys %below;
	return $apart;
}

sub px {
	my ($g, $at) = @_;
	my $in = min(max($at, $g->{from}), $g->{to}) - $g->{from};

	return LEFT + $in / LENGTH * (WIDTH - LEFT - RIGHT);
}

sub visible {
	my ($g, $at) = @_;

	return $at >= $g->{from} && $at <= $g->{to};
}

sub heading {
	my ($g) = @_;

	$g->{svg}->text(16, 26, 'Variable-bandwidth servers on one CPU', font_size => 17, font_weight => 600);
	$g->{svg}->text(16, 46, sprintf('%g ms of the schedule, from the kernel\'s tracepoints; every server '
			. 'always has work, and greedy tasks of SCHED_FIFO and SCHED_OTHER take what is left',
			LENGTH / 1e6), fill => '#57606a');
	return;
}

sub axis {
	my ($g) = @_;

	for (my $ms = 0; $ms * 1e6 <= LENGTH; $ms++) {
		my $x = px($g, $g->{from} + $ms * 1e6);
		my $major = $ms % 5 == 0;
		$g->{svg}->line($x, TOP, $x, $g->{bottom}, stroke => '#d8dee4') if $major;
		$g->{svg}->line($x, $g->{bottom}, $x, $g->{bottom} + ($major ? 7 : 4), stroke => '#57606a');
		$g->{svg}->text($x, $g->{bottom} + 20, $ms, text_anchor => 'middle') if $major;
	}
	$g->{svg}->line(LEFT, $g->{bottom}, WIDTH - RIGHT, $g->{bottom}, stroke => '#57606a');
	$g->{svg}->text(16, $g->{bottom} + 20, 'time in ms');
	return;
}

# Stretches of [from, to, fill], by what the tracepoints say of the server
sub states {
	my ($s, $colour) = @_;
	my ($since, $fill, $z, @out);

	for my $ev (@{ $s->{events} }) {
		my $next = $fill;
		$next = "ready" if $ev->{name} eq 'release';
		$z = $ev->{release} if $ev->{name} eq 'switch';
		$next = ($z // 0) == $ev->{until} ? 'waits' : 'throttled'
			if $ev->{name} eq 'exhaust' && $ev->{why} ne 'borrow';
		$next = undef if $ev->{name} eq 'leave' && !$ev->{members};
		next if ($next // '') eq ($fill // '');
		push @out, [ $since, $ev->{at}, $fill ] if $fill;
		($since, $fill) = ($ev->{at}, $next);
	}
	push @out, [ $since, 9e18, $fill ] if $fill;
	return @out;
}

sub server_row {
	my ($g, $s, $row) = @_;
	my $base = TOP + ROW * ($row + 1) - 12;
	my $colour = $colours[ $row % @colours ];

	label($g, $base, $s, $colour);
	for my $st (states($s)) {
		my ($from, $to) = map { px($g, $_) } @$st[ 0, 1 ];
		next if $to <= $from;
		my %fill = $st->[2] eq 'ready' ? (fill => $colour, fill_opacity => 0.16)
			: (fill => "url(#$st->[2])");
		$g->{svg}->rect($from, $base - BAR, $to - $from, BAR, %fill);
	}
	bars($g, $s->{id}, $base, $colour);
	$g->{svg}->line(LEFT, $base, WIDTH - RIGHT, $base, stroke => '#57606a');
	releases($g, $s, $base);
	switches($g, $s, $base);
	return;
}

sub label {
	my ($g, $base, $s, $colour) = @_;
	my %seen;
	my @resources = grep { !$seen{$_}++ } map { resource($_->{runtime}, $_->{period}) }
		grep { $_->{name} eq 'release' } @{ $s->{events} };

	$g->{svg}->text(16, $base - 18, $s->{name}, font_size => 14, font_weight => 600, fill => $colour);
	$g->{svg}->text(16, $base - 2, join(', ', @resources), font_size => 11, fill => '#57606a');
	return;
}

# Runs of WHO; what is less than half a pixel apart is drawn in one
sub bars {
	my ($g, $who, $base, $colour) = @_;
	my $d = '';
	my ($from, $to);

	for my $r (grep { $_->[0] eq $who && $_->[2] > $g->{from} && $_->[1] < $g->{to} } @{ $g->{t}{runs} }) {
		my ($a, $b) = (px($g, $r->[1]), px($g, $r->[2]));
		if (defined $to && $a - $to < 0.5) {
			$to = $b;
			next;
		}
		$d .= box($from, $to, $base) if defined $from;
		($from, $to) = ($a, $b);
	}
	$d .= box($from, $to, $base) if defined $from;
	$g->{svg}->path($d, fill => $colour) if $d;
	return;
}

sub box {
	my ($from, $to, $base) = @_;

	return sprintf('M%.1f %gV%gH%.1fV%gZ', $from, $base, $base - BAR, max($to, $from + 0.4), $base);
}

sub releases {
	my ($g, $s, $base) = @_;
	my ($up, $down) = ('', '');
	my $top = $base - BAR - 10;

	for my $ev (grep { $_->{name} eq 'release' } @{ $s->{events} }) {
		$up .= sprintf('M%.1f %gV%gm-3 5l3 -5l3 5', px($g, $ev->{release}), $base, $top)
			if visible($g, $ev->{release});
		$down .= sprintf('M%.1f %gl-3 -5h6z', px($g, $ev->{deadline}), $top - 2)
			if visible($g, $ev->{deadline}) && !switched($s, $ev);
	}
	$g->{svg}->path($up, fill => 'none', stroke => '#1f2328', stroke_width => 1.1);
	$g->{svg}->path($down, fill => '#ffffff', stroke => '#1f2328', stroke_width => 0.9);
	return;
}

# Has a switch ended the instance before its deadline?
sub switched {
	my ($s, $inst) = @_;

	return scalar grep { $_->{name} eq 'switch' && $_->{at} >= $inst->{release} && $_->{at} < $inst->{deadline} }
		@{ $s->{events} };
}

sub switches {
	my ($g, $s, $base) = @_;
	my ($last, $line) = (-1e9, 0);

	for my $ev (grep { $_->{name} eq 'switch' && visible($g, $_->{at}) } @{ $s->{events} }) {
		my $x = px($g, $ev->{at});
		my ($runtime) = $ev->{runtime} =~ /->(\d+)/;
		my ($period) = $ev->{period} =~ /->(\d+)/;
		$line = $x - $last < NEAR ? !$line : 0;
		$last = $x;
		my $y = $base - BAR - 27 - ($line ? 12 : 0);
		$g->{svg}->line($x, $y, $x, $base + 5, stroke => '#cf222e', stroke_width => 1.3);
		$g->{svg}->path(sprintf('M%.1f %gl4 4l-4 4l-4 -4z', $x, $y - 4), fill => '#cf222e');
		$g->{svg}->text($x + 6, $y + 4, sprintf('%g/%g', $runtime / 1e6, $period / 1e6),
			font_size => 10.5, fill => '#cf222e');
	}
	return;
}

sub low_row {
	my ($g, $class) = @_;
	my ($name, $colour) = @{ $below{$class} };
	my $base = TOP + ROW * $g->{rows} + LOW_ROW * ($class eq 'fifo' ? 1 : 2) - 4;

	$g->{svg}->text(16, $base - 7, $name, fill => '#57606a', font_weight => 600);
	bars($g, $class, $base, $colour);
	$g->{svg}->line(LEFT, $base, WIDTH - RIGHT, $base, stroke => '#57606a', stroke_width => 0.6);
	return;
}

sub legend {
	my ($g) = @_;
	my ($svg, $y, $x) = ($g->{svg}, $g->{bottom} + 48, LEFT);
	my @boxes = (
		[ 'executes', fill => $colours[0] ],
		[ 'ready, another server runs', fill => $colours[0], fill_opacity => 0.16 ],
		[ 'throttled: budget used up', fill => 'url(#throttled)' ],
		[ 'after a switch: cap used up until z', fill => 'url(#waits)' ],
	);

	for my $b (@boxes) {
		my ($words, %attr) = @$b;
		$svg->rect($x, $y - 10, 22, 13, stroke => '#8c959f', stroke_width => 0.6, %attr);
		$svg->text($x + 29, $y + 1, $words);
		$x += 29 + 6.4 * length($words) + 24;
	}
	legend_marks($svg, $y + 24);
	return;
}

sub legend_marks {
	my ($svg, $y) = @_;
	my $x = LEFT + 11;

	$svg->path(sprintf('M%g %gV%gm-3 5l3 -5l3 5', $x, $y + 3, $y - 11), fill => 'none', stroke => '#1f2328');
	$svg->text($x + 18, $y + 1, 'release');
	$svg->path(sprintf('M%g %gl-3 -5h6z', $x + 95, $y), fill => '#ffffff', stroke => '#1f2328');
	$svg->text($x + 107, $y + 1, 'deadline');
	$svg->path(sprintf('M%g %gl4 4l-4 4l-4 -4z', $x + 190, $y - 8), fill => '#cf222e');
	$svg->text($x + 201, $y + 1, 'switch to another budget/period (ms), without an admission test');
	return;
}

1;

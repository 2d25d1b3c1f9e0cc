# SPDX-License-Identifier: GPL-2.0
#
# The error of a timeline inside its bound, before and after its synchroniser was killed. Linear up to
# 100 ns, logarithmic beyond.
package Bound;
use strict;
use warnings;
use List::Util qw(max min);
use Clock;
use Svg;
use Units qw(time_text);

use constant {
	WIDTH => 1200, LEFT => 90, RIGHT => 20, TOP => 96, PLOT => 360, LINEAR => 100,
	LEVELS => 3,	# decades above LINEAR on the axis
};
my %colour = (band => '#cfe3f7', edge => '#8fb8de', error => '#0072b2', event => '#cf222e', again => '#009e73',
	      need => '#d55e00');

# draw FILE CLOCK ACCURACY CROSSING
sub draw {
	my ($file, $c, $accuracy, $crossing) = @_;
	my @r = @{ $c->{readings} };
	my $g = {
		svg => Svg->new(WIDTH, TOP + PLOT + 72, 'Error of a timeline inside its bound'), clock => $c,
		from => $r[0]{counter}, to => $r[-1]{counter}, hz => $c->{killed}{hz},
		columns => columns(@r), top => max(map { Clock::bound($_) } @r) * 1.4,
	};

	heading($g, $accuracy);
	band($g);
	axes($g);
	need($g, $accuracy);
	errors($g);
	mark($g, $c->{killed}{now}, $colour{event}, 'kill -9');
	mark($g, $crossing, $colour{need}, 'POLLPRI: beyond ' . time_text($accuracy));
	mark($g, $c->{restart}{now}, $colour{again}, 'started again');
	legend($g);
	$g->{svg}->save($file);
	return;
}

# The readings in as many groups as there are pixels
sub columns {
	my @r = @_;
	my ($from, $to) = ($r[0]{counter}, $r[-1]{counter});
	my @columns;

	push @{ $columns[ ($_->{counter} - $from) / ($to - $from) * (WIDTH - LEFT - RIGHT) ] }, $_ for @r;
	return [ grep { $_ } @columns ];
}

sub px {
	my ($g, $counter) = @_;

	return LEFT + ($counter - $g->{from}) / ($g->{to} - $g->{from}) * (WIDTH - LEFT - RIGHT);
}

sub level {
	my ($ns) = @_;
	my $x = abs($ns) / LINEAR;

	$x = 1 + log($x) / log(10) if $x > 1;
	return $ns < 0 ? -$x : $x;
}

sub py {
	my ($g, $ns) = @_;

	return TOP + PLOT / 2 * (1 - level($ns) / level($g->{top}));
}

sub heading {
	my ($g, $accuracy) = @_;

	$g->{svg}->text(16, 26, 'A timeline says how wrong it may be', font_size => 17, font_weight => 600);
	$g->{svg}->text(16, 46, sprintf('%d readings beside CLOCK_REALTIME, whose rate wanders; its synchroniser is killed, '
			. 'the bound grows by itself, and who needs %s is told', scalar @{ $g->{clock}{readings} },
			time_text($accuracy)), fill => '#57606a');
	return;
}

# points GROUPS NS: a path through NS of each group
sub points {
	my ($g, $groups, $ns) = @_;

	return map { sprintf '%.1f %.1f', px($g, $_->[0]{counter}), py($g, $ns->($_)) } @$groups;
}

# Where the error can be: from -high to low
sub band {
	my ($g) = @_;
	my @up = points($g, $g->{columns}, sub { max map { $_->{low} } @{ $_[0] } });
	my @down = points($g, $g->{columns}, sub { -max map { $_->{high} } @{ $_[0] } });

	$g->{svg}->path('M' . join('L', @up, reverse @down) . 'Z', fill => $colour{band}, stroke => $colour{edge},
		stroke_width => 0.5);
	return;
}

sub errors {
	my ($g) = @_;
	my @known = grep { @$_ } map { [ grep { defined $_->{error} } @$_ ] } @{ $g->{columns} };
	my @line = points($g, \@known, sub { $_[0][0]{error} });

	$g->{svg}->path('M' . join('L', @line), fill => 'none', stroke => $colour{error}, stroke_width => 1.2);
	return;
}

sub axes {
	my ($g) = @_;
	my ($svg, $bottom) = ($g->{svg}, TOP + PLOT);

	for my $ns (0, map { my $n = LINEAR * 10**$_; ($n, -$n) } 0 .. LEVELS) {
		next if abs $ns > $g->{top};
		my $y = py($g, $ns);
		my $text = $ns ? ($ns < 0 ? "\x{2212}" : '+') . time_text(abs $ns) =~ s/\.0+ / /r : '0';
		$svg->line(LEFT, $y, WIDTH - RIGHT, $y, stroke => $ns ? '#d8dee4' : '#57606a', stroke_width => 0.7);
		$svg->text(LEFT - 8, $y + 4, $text, text_anchor => 'end');
	}
	for my $s ($g->{from} / $g->{hz} + 1 .. $g->{to} / $g->{hz}) {
		my $x = px($g, int($s) * $g->{hz});
		$svg->line($x, $bottom, $x, $bottom + 6, stroke => '#57606a');
		$svg->text($x, $bottom + 20, int $s, text_anchor => 'middle');
	}
	$svg->line(LEFT, $bottom, WIDTH - RIGHT, $bottom, stroke => '#57606a');
	$svg->text(16, $bottom + 20, 'uptime in s');
	return;
}

sub need {
	my ($g, $accuracy) = @_;

	for my $ns ($accuracy, -$accuracy) {
		$g->{svg}->line(LEFT, py($g, $ns), WIDTH - RIGHT, py($g, $ns), stroke => $colour{need},
			stroke_dasharray => '5 4');
	}
	return;
}

# mark GEOMETRY COUNTER COLOUR WORDS
sub mark {
	my ($g, $counter, $fill, $words) = @_;
	my $x = px($g, $counter);

	$g->{svg}->line($x, TOP - 14, $x, TOP + PLOT, stroke => $fill, stroke_width => 1.3);
	$g->{svg}->path(sprintf('M%.1f %gl4 4l-4 4l-4 -4z', $x, TOP - 18), fill => $fill);
	$g->{svg}->text($x + 7, TOP - 10, $words, fill => $fill, font_weight => 600);
	return;
}

sub legend {
	my ($g) = @_;
	my ($svg, $y) = ($g->{svg}, TOP + PLOT + 50);

	$svg->rect(LEFT, $y - 10, 22, 13, fill => $colour{band}, stroke => $colour{edge});
	$svg->text(LEFT + 29, $y + 1, 'bound, guaranteed');
	$svg->line(LEFT + 180, $y - 3, LEFT + 202, $y - 3, stroke => $colour{error}, stroke_width => 2);
	$svg->text(LEFT + 209, $y + 1, sprintf 'error, to half of the %s between two readings of CLOCK_REALTIME',
		time_text($g->{clock}{gap}));
	$svg->line(LEFT + 660, $y - 3, LEFT + 682, $y - 3, stroke => $colour{need}, stroke_dasharray => '5 4');
	$svg->text(LEFT + 689, $y + 1, 'accuracy that a bound thread has asked for');
	return;
}

1;

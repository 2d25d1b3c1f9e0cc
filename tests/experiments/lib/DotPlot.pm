# SPDX-License-Identifier: GPL-2.0
#
# Two times of each, averages and worsts if not others, on a logarithmic axis: a panel for each column of a table,
# a line for each row.
package DotPlot;
use strict;
use warnings;
use List::Util qw(min max);
use POSIX qw(ceil floor);
use Svg;
use Units qw(time_text);

use constant { WIDTH => 1056, LABEL => 292, TOP => 74, LINE => 17, HEAD => 26, FOOT => 30, COLUMNS => 4, GAP => 14 };
use constant { AVERAGE => '#0072b2', WORST => '#d55e00', FAINT => '#d0d7de', GREY => '#57606a' };

# draw FILE, CROSS, TITLE, SUBTITLE, VALUES [, NAMES]: VALUES gives a row's average and worst in ns
sub draw {
	my ($file, $cross, $title, $subtitle, $values, $names) = @_;
	my @panels = @{ $cross->{across} };
	my $columns = min(COLUMNS, scalar @panels);
	my $height = HEAD + LINE * @{ $cross->{down} } + FOOT;
	my $svg = Svg->new(WIDTH, TOP + $height * ceil(@panels / $columns), $title);
	my $axis = axis($cross, $values);

	$svg->text(16, 26, $title, font_size => 17, font_weight => 600);
	$svg->text(16, 46, $subtitle, fill => GREY);
	legend($svg, @{ $names // [ 'average', 'worst' ] });
	my $width = (WIDTH - LABEL - 16) / $columns;
	for my $i (0 .. $#panels) {
		my $y = TOP + $height * int($i / $columns);
		labels($svg, $y, $cross) unless $i % $columns;
		panel($svg, LABEL + $width * ($i % $columns), $y, $width - GAP, $cross, $panels[$i], $axis, $values);
	}
	$svg->save($file);
	return;
}

# The decades that hold all values
sub axis {
	my ($cross, $values) = @_;
	my @ns = grep { defined && $_ > 0 } map { $values->($_) } grep { !$_->{failed} } map { values %$_ } values %{ $cross->{at} };

	die "report: nothing was measured\n" unless @ns;
	my ($first, $last) = (floor(log(min(@ns)) / log(10)), ceil(log(max(@ns)) / log(10)));
	return [ $first, max($last, $first + 1) ];
}

sub legend {
	my ($svg, $first, $second) = @_;
	my $next = 50 + 9 * length $first;

	mark($svg, 24, 60, AVERAGE);
	$svg->text(34, 64, $first);
	mark($svg, $next - 9, 60, WORST);
	$svg->text($next + 1, 64, $second);
	return;
}

sub mark {
	my ($svg, $x, $y, $colour) = @_;

	$svg->rect($x - 4, $y - 4, 8, 8, fill => $colour, rx => 4);
	return;
}

sub labels {
	my ($svg, $y, $cross) = @_;

	for my $i (0 .. $#{ $cross->{down} }) {
		$svg->text(LABEL - 10, $y + HEAD + LINE * ($i + 0.5) + 4, $cross->{down}[$i], text_anchor => 'end', font_size => 11);
	}
	return;
}

sub panel {
	my ($svg, $x, $y, $w, $cross, $name, $axis, $values) = @_;
	my ($first, $last) = @$axis;
	my $bottom = $y + HEAD + LINE * @{ $cross->{down} };

	$svg->text($x, $y + 16, $name, font_weight => 600);
	for my $decade ($first .. $last) {
		my $at = $x + $w * ($decade - $first) / ($last - $first);
		$svg->line($at, $y + HEAD, $at, $bottom, stroke => FAINT);
		next if $decade == $last;	# the next panel begins there
		my $text = time_text(10**$decade) =~ s/\.0+ / /r;
		$svg->text($at, $bottom + 13, $text, text_anchor => 'middle', font_size => 9.5, fill => GREY);
	}
	for my $i (0 .. $#{ $cross->{down} }) {
		my $row = $cross->{at}{ $cross->{down}[$i] }{$name};
		my $at = $y + HEAD + LINE * ($i + 0.5);
		my @x = map { $x + $w * (log(max($_, 10**$first)) / log(10) - $first) / ($last - $first) } $row && !$row->{failed} ? $values->($row) : ();
		if (@x < 2) {
			$svg->text($x + 4, $at + 4, $row ? 'failed' : 'not measured', font_size => 10, fill => GREY);
			next;
		}
		$svg->line($x[0], $at, $x[1], $at, stroke => GREY);
		mark($svg, $x[0], $at, AVERAGE);
		mark($svg, $x[1], $at, WORST);
	}
	return;
}

1;

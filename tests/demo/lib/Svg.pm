# SPDX-License-Identifier: GPL-2.0
#
# A drawing: shapes on a white sheet, so that it looks the same on dark pages.
package Svg;
use strict;
use warnings;

use constant FONT => 'system-ui,Segoe UI,Helvetica,Arial,sans-serif';

sub new {
	my ($class, $width, $height, $title) = @_;
	my $self = bless { width => $width, height => $height, title => $title, body => [] }, $class;

	$self->rect(0, 0, $width, $height, fill => '#ffffff');
	return $self;
}

sub add {
	my ($self, $text) = @_;

	push @{ $self->{body} }, $text;
	return;
}

sub attributes {
	my (%attr) = @_;

	return join '', map { my $name = $_ =~ tr/_/-/r; qq( $name="$attr{$_}") } sort keys %attr;
}

sub escape {
	my ($text) = @_;
	my %entity = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;', '"' => '&quot;');

	return $text =~ s/([&<>"])/$entity{$1}/gr;
}

# Tenths of a pixel are enough.
sub n {
	return map { sprintf('%.1f', $_) =~ s/\.0$//r } @_;
}

sub rect {
	my ($self, $x, $y, $w, $h, %attr) = @_;
	($x, $y, $w, $h) = n($x, $y, $w, $h);

	$self->add(qq(<rect x="$x" y="$y" width="$w" height="$h") . attributes(%attr) . '/>');
	return;
}

sub line {
	my ($self, $x1, $y1, $x2, $y2, %attr) = @_;
	($x1, $y1, $x2, $y2) = n($x1, $y1, $x2, $y2);

	$self->add(qq(<line x1="$x1" y1="$y1" x2="$x2" y2="$y2") . attributes(%attr) . '/>');
	return;
}

sub path {
	my ($self, $d, %attr) = @_;

	# A line of a mail has at most 998 characters
	$d =~ s/(.{1,100}L)/$1\n/g;
	$self->add(qq(<path d="$d") . attributes(%attr) . '/>');
	return;
}

# text X Y TEXT ATTR...: 12 px unless font_size says otherwise
sub text {
	my ($self, $x, $y, $text, %attr) = @_;
	($x, $y) = n($x, $y);

	$self->add(qq(<text x="$x" y="$y") . attributes(%attr) . '>' . escape($text) . '</text>');
	return;
}

# A pattern of slanted lines, to fill with url(#ID)
sub hatch {
	my ($self, $id, $colour) = @_;

	$self->add(qq(<defs><pattern id="$id" width="5" height="5" patternUnits="userSpaceOnUse" )
		. qq(patternTransform="rotate(45)"><line x1="0" y1="0" x2="0" y2="5" )
		. qq(stroke="$colour" stroke-width="2.4"/></pattern></defs>));
	return;
}

sub save {
	my ($self, $file) = @_;
	my ($w, $h, $title) = ($self->{width}, $self->{height}, escape($self->{title}));

	open(my $out, '>:encoding(UTF-8)', $file) or die "report: $file: $!\n";
	print $out qq(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 $w $h" width="$w" height="$h" ),
		qq(role="img" font-family="), FONT, qq(" font-size="12" fill="#1f2328">\n),
		"<!-- SPDX-License-Identifier: GPL-2.0 -->\n<title>$title</title>\n",
		map { "$_\n" } @{ $self->{body} }, "</svg>\n";
	close($out) or die "report: $file: $!\n";
	return;
}

1;
